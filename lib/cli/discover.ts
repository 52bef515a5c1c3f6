import type { SiteConfiguration } from '../config/configuration.ts'
import { connectTo, sessionOf } from '../connection/connection.ts'
import { newRun } from '../connection/run-id.ts'
import { AlmanacError, asAlmanacError } from '../core/errors.ts'
import type { Discovered, Discovery } from '../discover/discover.ts'
import { type Call, COMMON, type Command, formatOf, hasFlag } from './command.ts'
import { lookEmit, sitesToLookAt } from './doctor.ts'
import { errorText } from './failure.ts'
import { interruptible } from './interrupt.ts'
import { tellAside, write } from './io.ts'
import { writeAnswer } from './output.ts'
import { worstOf } from './run-ports.ts'
import { answerOf, columnsOf, type Value } from './value.ts'
import { openWarehouseAt } from './warehouse.ts'

/** A site with what was discovered of it. */
interface SiteDiscovery extends Discovery {
  readonly site: SiteConfiguration
}

/** Signs in as a run does, under its lease, and looks. */
async function discoverSite(
  call: Call,
  site: SiteConfiguration,
  signal: AbortSignal,
): Promise<SiteDiscovery> {
  const { io } = call
  const [{ systemClock: clock }, { borrowSession }, { discover }, { ENTITIES }] = await Promise.all([
    import('../adapters/local/clock.ts'),
    import('../doctor/session.ts'),
    import('../discover/discover.ts'),
    import('../entities/index.ts'),
  ])
  const { store } = await openWarehouseAt(site.warehouse, io)
  const emit = lookEmit(call)
  const connect = (beforeSignIn: () => Promise<void>) =>
    connectTo(site, io, { clock, emit, beforeSignIn, signal })
  const run = `discover-${newRun(clock.now())}`
  const session = await borrowSession(await sessionOf(site), { store, clock, emit, run, connect, signal })
  try {
    return { site, ...(await discover(session.client, ENTITIES, site, { clock, signal })) }
  } finally {
    await session.close()
  }
}

const COLUMNS = columnsOf(
  'site',
  'entity',
  'on',
  'supported',
  'role',
  '#count',
  '#parents',
  '#calls',
  '#seconds',
  'note',
)

const rounded = (seconds: number): number => Math.round(seconds * 100) / 100

const rowOf = (site: string, found: Discovered): readonly Value[] => [
  site,
  found.entity,
  found.isOn,
  found.isSupported,
  found.sight,
  found.count,
  found.parents,
  found.calls,
  found.seconds === null ? null : rounded(found.seconds),
  found.why,
]

const many = (count: number): string => count.toLocaleString('en')

function timeText(seconds: number): string {
  if (seconds < 1.5) return 'a second'
  if (seconds < 90) return `${Math.round(seconds)} seconds`
  return `${Math.round(seconds / 60)} minutes`
}

/** The last line: what a night of all that is on would take. */
function totalText({ site, night, entities }: SiteDiscovery): string {
  const { calls, rows, seconds, latencyMs } = night
  const below = entities.some(({ isRead, parents }) => isRead && parents !== null)
  const more = below ? ' and what is read below parents' : ''
  const pace = `${Math.round(latencyMs)} ms a call as measured here, ${site.concurrency} side by side`
  return `a night of ${site.slug}: ${many(rows)} rows${more}, about ${many(calls)} calls and ${timeText(seconds)}; an estimate, at ${pace}\n`
}

/** A role for which a night would read nothing is told like any failure, with exit 3. */
function blindError({ site, blind }: SiteDiscovery): AlmanacError | undefined {
  if (blind === undefined) return undefined
  const { siteRole, needed } = blind
  return new AlmanacError(
    'forbidden',
    `${site.slug}: ${siteRole} sees nothing whole of what is switched on; a night would read nothing`,
    {
      next: `Give the user the site role ${needed}, the least that sees all of it; "acceptNarrowed" in the configuration takes a part for what is only seen in part.`,
    },
  )
}

/** A table for each site, with its total; or all rows as one answer for machines. */
async function tell(call: Call, found: readonly SiteDiscovery[]): Promise<void> {
  const { io } = call
  const format = formatOf(call.options)
  const rows = ({ site, entities }: SiteDiscovery) => entities.map((each) => rowOf(site.slug, each))
  if (format !== 'table') return writeAnswer(io, format, answerOf(COLUMNS, found.flatMap(rows)))
  for (const [index, site] of found.entries()) {
    if (index > 0) await write(io.out, '\n')
    await writeAnswer(io, format, answerOf(COLUMNS, rows(site)))
    if (site.blind === undefined) await write(io.out, `\n${totalText(site)}`)
  }
}

/** One site that cannot be looked at keeps none of the others from it. */
async function run(call: Call): Promise<number> {
  const sites = await sitesToLookAt(call)
  return interruptible(call.io, async (signal) => {
    const found: SiteDiscovery[] = []
    const exits: number[] = []
    const fail = async (error: AlmanacError): Promise<void> => {
      exits.push(error.exit)
      await tellAside(call.io.err, errorText(error, { io: call.io, isDebug: hasFlag(call.options, 'debug') }))
    }
    for (const site of sites) {
      try {
        found.push(await discoverSite(call, site, signal))
      } catch (thrown) {
        signal.throwIfAborted()
        await fail(asAlmanacError(thrown))
      }
    }
    if (found.length > 0) await tell(call, found)
    for (const error of found.map(blindError)) if (error !== undefined) await fail(error)
    return worstOf(exits)
  })
}

/** What there is to read, and what reading it would take. */
export const DISCOVER: Command = {
  name: 'discover',
  args: [],
  doc: 'what a site has of every entity, what its user sees of it, and about how long a night takes',
  options: COMMON,
  examples: ['almanac discover', 'almanac discover --site marketing --output csv'],
  judges: true,
  run,
}
