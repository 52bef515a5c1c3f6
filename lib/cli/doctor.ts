import type { SiteConfiguration } from '../config/configuration.ts'
import { connectTo, secretsOf, sessionOf, wayTo } from '../connection/connection.ts'
import { newRun } from '../connection/run-id.ts'
import { isError } from '../core/errors.ts'
import type { Emit } from '../core/event.ts'
import { allWithoutSecrets } from '../core/redact.ts'
import type { Check, CheckVerdict } from '../doctor/check.ts'
import type { DoctorPorts, DoctorSubject } from '../doctor/subject.ts'
import { type Call, COMMON, type Command, formatOf, hasFlag } from './command.ts'
import { configurationOf, configuredSites } from './configuration.ts'
import { interruptible } from './interrupt.ts'
import { mayColour, write } from './io.ts'
import { logText } from './log.ts'
import { writeAnswer } from './output.ts'
import { type Paint, paint } from './paint.ts'
import { warehouseOption } from './site-option.ts'
import { columnsOf, type Value } from './value.ts'
import { openWarehouseAt } from './warehouse.ts'
import { shown } from './width.ts'

/** A check of one site; a configuration that cannot be read has no site. */
interface SiteCheck {
  readonly site: string | null
  readonly check: Check
}

/** Repeats and warnings are told as they come; what else happens in a look is no news. */
export function lookEmit(call: Call): Emit {
  const colour = paint(call.io.errColumns !== undefined && mayColour(call.io))
  return (event) => {
    const isNews = event.type === 'retried' || event.type === 'warned'
    const text =
      isNews && !hasFlag(call.options, 'quiet') ? logText(allWithoutSecrets(event), colour) : undefined
    if (text !== undefined) call.io.err.write(`${text}\n`)
  }
}

/** The configured sites that are meant, each with the warehouse of --warehouse where that is given. */
export async function sitesToLookAt(call: Call): Promise<readonly SiteConfiguration[]> {
  const warehouse = warehouseOption(call.options)
  const sites = await configuredSites(call)
  return warehouse === undefined ? sites : sites.map((site) => ({ ...site, warehouse }))
}

async function portsFor(call: Call, site: SiteConfiguration, signal: AbortSignal): Promise<DoctorPorts> {
  const { io, options } = call
  const { systemClock: clock } = await import('../adapters/local/clock.ts')
  const secrets = await secretsOf(io)
  const emit = lookEmit(call)
  const ports: DoctorPorts = {
    clock,
    secrets,
    env: io.env,
    emit,
    run: `doctor-${newRun(clock.now())}`,
    wayTo: (asked) => wayTo(asked, secrets, io),
    connect: (beforeSignIn, stop) => connectTo(site, io, { clock, emit, beforeSignIn, signal: stop }),
    openStore: async () => (await openWarehouseAt(site.warehouse, io)).store,
    signal,
  }
  if (!hasFlag(options, 'notifyTest') || site.notify.length === 0) return ports
  const { sendTestMessages } = await import('./people.ts')
  return { ...ports, sendTest: () => sendTestMessages(site, io) }
}

/** What is wrong with a configuration, not with the call. */
const MISCONFIGURED = ['bad-configuration', 'insecure-address', 'forbidden-address'] as const

/** A configuration that is wrong is the first thing a doctor finds. */
async function chosen(call: Call): Promise<readonly SiteConfiguration[] | Check> {
  try {
    return await sitesToLookAt(call)
  } catch (thrown) {
    if (!isError(thrown, ...MISCONFIGURED)) throw thrown
    return { name: 'configuration', verdict: 'fail', says: thrown.message, next: thrown.next }
  }
}

async function* checksOf(call: Call, signal: AbortSignal): AsyncGenerator<SiteCheck> {
  const sites = await chosen(call)
  if ('verdict' in sites) return yield { site: null, check: sites }
  const [{ doctor }, { ENTITIES: entities }] = await Promise.all([
    import('../doctor/doctor.ts'),
    import('../entities/index.ts'),
  ])
  const configuration = await configurationOf(call)
  const all = configuration?.sites.map(({ slug }) => slug) ?? []
  for (const site of sites) {
    const session = await sessionOf(site)
    const source = configuration?.source ?? ''
    const subject: DoctorSubject = { source, sites: all, site, entities, session }
    for await (const check of doctor(subject, await portsFor(call, site, signal)))
      yield { site: site.slug, check }
  }
}

const MARKS: Readonly<Record<CheckVerdict, (colour: Paint) => string>> = {
  ok: ({ good }) => good('✓'),
  warn: ({ warn }) => warn('!'),
  fail: ({ bad }) => bad('✗'),
  skipped: ({ dim }) => dim('-'),
}

/** Wide enough for the longest name. */
const NAME_WIDTH = 21

function checkText({ name, verdict, says, next }: Check, colour: Paint): string {
  const text = shown(says)
  const line = `${MARKS[verdict](colour)} ${shown(name).padEnd(NAME_WIDTH)} ${verdict === 'skipped' ? colour.dim(text) : text}\n`
  const indent = ' '.repeat(NAME_WIDTH + 3)
  return next === null ? line : `${line}${indent}${colour.dim('→')} ${shown(next)}\n`
}

/** One line a check, as it is done; sites stand apart. */
async function writeLines({ io }: Call, checks: AsyncIterable<SiteCheck>): Promise<void> {
  const colour = paint(io.outColumns !== undefined && mayColour(io))
  let before: string | null = null
  for await (const { site, check } of checks) {
    const isNew = site !== null && site !== before
    if (isNew) await write(io.out, `${before === null ? '' : '\n'}${colour.strong(site)}\n`)
    before = site
    await write(io.out, checkText(check, colour))
  }
}

const COLUMNS = columnsOf('site', 'check', 'verdict', 'says', 'next')

async function* rowsOf(checks: AsyncIterable<SiteCheck>): AsyncGenerator<readonly (readonly Value[])[]> {
  for await (const { site, check } of checks) {
    const { name, verdict, says, next } = check
    yield [[site, name, verdict, says, next]]
  }
}

async function run(call: Call): Promise<number> {
  const format = formatOf(call.options)
  return interruptible(call.io, async (signal) => {
    let hasFailed = false
    async function* watched(): AsyncGenerator<SiteCheck> {
      for await (const each of checksOf(call, signal)) {
        if (each.check.verdict === 'fail') hasFailed = true
        yield each
      }
    }
    if (format === 'table') await writeLines(call, watched())
    else await writeAnswer(call.io, format, { columns: COLUMNS, chunks: rowsOf(watched()) })
    return hasFailed ? 1 : 0
  })
}

/** Everything a night needs, looked at one by one. */
export const DOCTOR: Command = {
  name: 'doctor',
  args: [],
  doc: 'look at everything a night needs: configuration, network, sign-in, role, warehouse; exit code 1 when something fails',
  options: [{ flags: '--notify-test', doc: 'send a test message to every webhook' }, ...COMMON],
  examples: [
    'almanac doctor',
    'almanac doctor --site marketing --output json',
    'almanac doctor --notify-test',
  ],
  judges: true,
  run,
}
