import * as z from 'zod'
import { openBucket } from '../adapters/aws/bucket.ts'
import { systemClock } from '../adapters/local/clock.ts'
import type { SiteConfiguration } from '../config/configuration.ts'
import type { Entity } from '../core/entity.ts'
import { AlmanacError, asAlmanacError } from '../core/errors.ts'
import type { Clock, ObjectStore } from '../core/ports.ts'
import { ENTITIES } from '../entities/index.ts'
import { siteOf, VARIABLES, variable } from './environment.ts'
import { stepError } from './failure.ts'
import { openTelemetry, type Telemetry } from './telemetry.ts'

/** Of what AWS tells a function about its invocation, what ours use. */
export interface Invocation {
  getRemainingTimeInMillis(): number
  readonly memoryLimitInMB: string
}

/** Where a step works: the site it is deployed for, and the real sides of its ports. */
export interface StepGround {
  readonly env: NodeJS.ProcessEnv
  readonly site: SiteConfiguration
  /** The entities that the site has switched on. */
  readonly entities: readonly Entity[]
  readonly store: ObjectStore
  readonly clock: Clock
  readonly telemetry: Telemetry
  /** Whether there is time for another piece of work. */
  readonly mayGoOn: () => boolean
  /** Aborted shortly before AWS would end the invocation, so that it ends in order. */
  readonly signal: AbortSignal
}

/** A step that has less time left takes up nothing new, in milliseconds. */
const LEAST_MS = 90_000
/** What ending in order takes, in milliseconds. */
const ENDING_MS = 5_000

const outOfTime = (): AlmanacError =>
  new AlmanacError('out-of-time', 'The function’s time is over before its work is')

/** What an event of the pipeline holds at least. */
export const RUN_EVENT = z.object({
  run: z.string().regex(/^[A-Za-z0-9-]{1,80}$/),
  dt: z.iso.date(),
})

/** When the execution of a run began, as the state machine says it. */
export const STARTED_AT = z.iso.datetime({ offset: true })

/** Whom an event is about, so far as it says that well: lines are found by it, also those of an event that is not valid. */
const ABOUT = z
  .object({
    run: RUN_EVENT.shape.run.optional().catch(undefined),
    entity: z
      .string()
      .regex(/^[a-z][a-z0-9_]{0,62}$/)
      .optional()
      .catch(undefined),
  })
  .catch({})

function parsed<E>(step: string, shape: z.ZodType<E>, event: unknown): E {
  const { success, data, error } = shape.safeParse(event)
  if (success) return data
  const [issue] = error.issues
  const place = issue?.path.length ? `"${issue.path.join('.')}" of the event` : 'the event'
  throw new AlmanacError('usage', `${step}: ${place}: ${issue?.message}`, {
    next: 'Start the state machine rather than its functions; “rerun” of the function “start” takes a whole number from 2 to 99.',
  })
}

/** The store of the deployment, opened once for all invocations of a process. One that does not open is tried again by the next. */
let opened: ObjectStore | undefined
async function storeOf(env: NodeJS.ProcessEnv): Promise<ObjectStore> {
  opened ??= await openBucket(`s3://${variable(env, 'bucket')}`, env)
  return opened
}

/** Whether a step stopped to go on in another invocation: such a one takes all the time it may. */
const goesOn = (result: unknown): boolean =>
  typeof result === 'object' && result !== null && 'done' in result && result.done === false

/** What an invocation took of what it was given, in percent. */
function countLimits({ count }: Telemetry, invocation: Invocation, allowedMs: number, isOver: boolean): void {
  const used = 1 - invocation.getRemainingTimeInMillis() / allowedMs
  if (isOver) count('TimeUsedPercent', Math.round(used * 100))
  const memory = process.resourceUsage().maxRSS / 1024 / Number(invocation.memoryLimitInMB)
  if (Number.isFinite(memory)) count('MemoryUsedPercent', Math.round(memory * 100))
}

/**
 * A function of the pipeline: its event is checked, its work done on the real sides of the ports, its figures written. What
 * it throws is named by its code (see `stepError`), and logged.
 */
export function step<E, R>(
  name: string,
  shape: z.ZodType<E>,
  work: (event: E, ground: StepGround) => Promise<R>,
): (event: unknown, invocation: Invocation) => Promise<R> {
  return async (event, invocation) => {
    const { env } = process
    const allowedMs = invocation.getRemainingTimeInMillis()
    const site = siteOf(env)
    const about = ABOUT.parse(event)
    const { run = name } = about
    const entity = env[VARIABLES.entity] ?? about.entity
    const telemetry = openTelemetry({ site: site.slug, step: name, run, ...(entity && { entity }) })
    const late = new AbortController()
    const timer = setTimeout(() => late.abort(outOfTime()), Math.max(0, allowedMs - ENDING_MS))
    let isOver = true
    try {
      const result = await work(parsed(name, shape, event), {
        env,
        site,
        entities: ENTITIES.filter((each) => site.entities.includes(each.name)),
        store: await storeOf(env),
        clock: systemClock,
        telemetry,
        mayGoOn: () => invocation.getRemainingTimeInMillis() > LEAST_MS,
        signal: late.signal,
      })
      isOver = !goesOn(result)
      return result
    } catch (thrown) {
      const error = asAlmanacError(thrown)
      telemetry.failed(error)
      throw stepError(error)
    } finally {
      clearTimeout(timer)
      countLimits(telemetry, invocation, allowedMs, isOver)
      telemetry.flush()
    }
  }
}
