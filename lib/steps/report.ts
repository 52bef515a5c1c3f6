import type { Day } from '../core/day.ts'
import type { Entity } from '../core/entity.ts'
import { ERRORS, isErrorCode } from '../core/errors.ts'
import type { Emit } from '../core/event.ts'
import { keys } from '../core/keys.ts'
import type { Clock, ObjectStore } from '../core/ports.ts'
import { jsonBytes, parseStored } from '../core/receipt.ts'
import { exitOfRun, type RunReport } from '../core/report.ts'
import { exitOf } from '../core/verdict.ts'
import { notRead } from '../nightly/entity-night.ts'
import { readOutcome, type StepOutcome } from './outcome.ts'

/** A run as its report is asked for. */
export interface ReportInput {
  readonly site: string
  readonly dt: Day
  readonly run: string
  readonly entities: readonly Entity[]
  /** When the run began, in ms since 1970. */
  readonly startedAt: number
  /** When the token expires, in ms since 1970, where Tableau tells. */
  readonly tokenExpiresAt: number | null
  /** What ended the run before its time; null when nothing did. */
  readonly failure: RunReport['failure']
  /** Of entities whose step failed: what it failed with. */
  readonly troubles: Readonly<Record<string, NonNullable<RunReport['failure']>>>
}

/** What a report works with. */
export interface ReportPorts {
  readonly store: ObjectStore
  readonly clock: Clock
  readonly emit: Emit
}

async function newestOf(
  store: ObjectStore,
  { site, dt, run }: ReportInput,
  entity: Entity,
): Promise<StepOutcome | undefined> {
  const at = { entity: entity.name, site, dt, run }
  return (await readOutcome(store, at, 'loaded')) ?? readOutcome(store, at, 'extracted')
}

/** What a report says of an entity: what its last step kept, unless that step failed after it. */
function outcomeOf(entity: Entity, said: StepOutcome | undefined, { troubles, failure }: ReportInput) {
  const trouble = troubles[entity.name]
  if (trouble === undefined) return said?.outcome ?? notRead(entity, failure?.message)
  // It was read, and what its load came to is not known: it counts when it is committed, and the next run looks.
  return { ...(said?.outcome ?? notRead(entity)), verdict: 'incomplete', reason: trouble.message } as const
}

/**
 * Makes and keeps the report of a run from what its steps kept. Done twice, the first one stands. Throws what the store throws.
 */
export async function reportStep(
  input: ReportInput,
  { store, clock, emit }: ReportPorts,
): Promise<RunReport> {
  const { site, dt, run, entities, startedAt, tokenExpiresAt, troubles } = input
  const said = await Promise.all(entities.map((entity) => newestOf(store, input, entity)))
  const spoken = said.find((each) => (each?.server ?? null) !== null)
  const [trouble = null] = Object.values(troubles)
  const report: RunReport = {
    format: 1,
    site,
    dt,
    run,
    server: spoken?.server ?? null,
    apiVersion: spoken?.apiVersion ?? null,
    startedAt,
    endedAt: clock.now(),
    tokenExpiresAt,
    outcomes: entities.map((entity, i) => outcomeOf(entity, said[i], input)),
    failure: input.failure ?? said.find((each) => each?.failure)?.failure ?? trouble,
  }
  const key = keys.run(site, dt, run)
  const isMine = (await store.write(key, jsonBytes(report), 'absent')).won
  const kept = isMine ? undefined : await store.read(key)
  emit({ type: 'run-ended', site, dt, run, milliseconds: report.endedAt - startedAt })
  return kept === undefined ? report : parseStored<RunReport>(key, kept.bytes)
}

const LOOK =
  'Look at the function’s log of this run: Lambda says there what it ended for, such as time or memory.'

/** A failure as a report names it, of what a state machine caught: one of ours by its code, any other by AWS's name. */
export function failureNamed(
  name: string,
  message = `it failed: ${name}`,
): NonNullable<RunReport['failure']> {
  if (!isErrorCode(name)) return { code: 'internal', message, next: LOOK }
  return { code: name, message, next: ERRORS[name].next }
}

/** What a step of one entity ended with: the name of the error that it failed with; null when it did not. */
export interface EndedStep {
  readonly entity: string
  readonly error: string | null
}

/** Of entities whose step failed: what it failed with. Of two steps of one entity the later counts. */
export const troublesOf = (ended: readonly EndedStep[]): ReportInput['troubles'] =>
  Object.fromEntries(
    ended.flatMap(({ entity, error }) => (error === null ? [] : [[entity, failureNamed(error)] as const])),
  )

/** What a state machine ends a run with: the exit code of the run, and where that is not 0, error and cause. */
export interface RunEnd {
  readonly exit: 0 | 1 | 3
  /** The code of what ended the run, `not-complete` when an entity's data is not there, `none` of a whole run. */
  readonly error: string
  readonly cause: string
}

/** What a run ended with, by its report: a failure with its message, else the entities that are not there. */
export function endOf(report: RunReport): RunEnd {
  const { failure, outcomes } = report
  const exit = exitOfRun(report)
  if (failure !== null) return { exit, error: failure.code, cause: failure.message }
  if (exit === 0) return { exit, error: 'none', cause: '' }
  const lacking = outcomes.filter(({ verdict }) => exitOf(verdict) !== 0)
  const named = lacking.map(({ entity, verdict }) => `${entity} (${verdict})`)
  return { exit, error: 'not-complete', cause: `not complete: ${named.join(', ')}` }
}
