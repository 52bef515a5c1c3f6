import { atAddress, type SiteConfiguration, siteFrom, slugOf } from '../config/environment.ts'
import type { Day } from '../core/day.ts'
import type { Entity } from '../core/entity.ts'
import { AlmanacError } from '../core/errors.ts'
import type { Emit } from '../core/event.ts'
import type { Clock } from '../core/ports.ts'
import type { Client } from '../tableau/client.ts'
import { type Call, COMMON, type OptionSpec, SELECT } from './command.ts'
import { newRun } from './run-id.ts'
import { backdateOption, dayOption, selectedEntities } from './selection.ts'
import { openWarehouse, siteOption, type Warehouse } from './warehouse.ts'

/** The time zone of a site's days; a site's own zone comes with the configuration file. */
export const TIME_ZONE = 'UTC'

/** What the commands that read a site take. */
export const RUN_OPTIONS: readonly OptionSpec[] = [
  SELECT,
  { flags: '--date <day>', doc: 'the logical day, YYYY-MM-DD (default: today, UTC)' },
  { flags: '--backdate <reason>', doc: 'record the present for another --date than the server’s, and why' },
  ...COMMON,
]

/** A run of the configured site, as it is asked for. */
export interface SiteRun {
  readonly slug: string
  readonly signIn: SiteConfiguration
  readonly entities: readonly Entity[]
  readonly dt: Day | undefined
  readonly backdate: string | null
  readonly run: string
  readonly warehouse: Warehouse
  readonly clock: Clock
  connect(emit: Emit, beforeSignIn: () => Promise<void>, signal: AbortSignal): Promise<Client>
}

/** The configured site. Throws `bad-configuration` when there is none, or only a part of one. */
export function configuredSite({ io }: Call): SiteConfiguration {
  const site = siteFrom(io.env)
  if (site !== undefined) return site
  throw new AlmanacError(
    'bad-configuration',
    'no site is configured: TABLEAU_SERVER_URL, TABLEAU_PAT_NAME and TABLEAU_PAT_SECRET are not set',
    {
      next: 'Set them (and TABLEAU_SITE_ID, unless it is the default site), or run "almanac demo" to see a simulated one.',
    },
  )
}

/** Reads a run from a call: options first, so that a slip of the keyboard is told before anything is opened. */
export async function siteRun(call: Call): Promise<SiteRun> {
  const { options } = call
  const asked = {
    entities: selectedEntities(options),
    dt: dayOption(options),
    backdate: backdateOption(options),
  }
  const given = siteOption(options)
  const configured = configuredSite(call)
  const [{ parseAddress }, { systemClock: clock }, { connect }] = await Promise.all([
    import('../tableau/address.ts'),
    import('../adapters/local/clock.ts'),
    import('../tableau/client.ts'),
  ])
  const signIn = atAddress(configured, parseAddress(configured.serverUrl).url)
  return {
    ...asked,
    slug: given ?? slugOf(signIn.contentUrl),
    signIn,
    run: newRun(clock.now()),
    warehouse: await openWarehouse(call),
    clock,
    connect: (emit, beforeSignIn, signal) =>
      connect({ signIn, clock, random: Math.random, emit, beforeSignIn, signal }),
  }
}
