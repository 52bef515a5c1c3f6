import type { SiteConfiguration } from '../config/configuration.ts'
import { sessionOf } from '../connection/connection.ts'
import { newRun } from '../connection/run-id.ts'
import type { Day } from '../core/day.ts'
import type { Entity } from '../core/entity.ts'
import type { NightlyInput } from '../nightly/input.ts'
import { type Call, COMMON, type OptionSpec, SELECT, textOption } from './command.ts'
import { configuredSites } from './configuration.ts'
import { backdateOption, dayOption, selectedEntities } from './selection.ts'
import { warehouseOption } from './site-option.ts'

/** What the commands that read a site take. */
export const RUN_OPTIONS: readonly OptionSpec[] = [
  SELECT,
  { flags: '--date <day>', doc: 'the logical day, YYYY-MM-DD (default: today, in the site’s time zone)' },
  { flags: '--backdate <reason>', doc: 'record the present for another --date than the server’s, and why' },
  ...COMMON,
]

/** What is asked of every site alike. */
interface Asked {
  readonly selected: readonly Entity[] | undefined
  readonly dt: Day | undefined
  readonly backdate: string | null
}

/** A run of one configured site, as it is asked for. */
export interface SiteRun {
  readonly site: SiteConfiguration
  readonly input: NightlyInput
}

async function runOf(site: SiteConfiguration, asked: Asked, now: number): Promise<SiteRun> {
  const { ENTITIES } = await import('../entities/index.ts')
  const switchedOn = ENTITIES.filter(({ name }) => site.entities.includes(name))
  const { slug, timeZone, acceptSurplus, acceptNarrowed } = site
  const { dt, backdate, selected: entities = switchedOn } = asked
  const input: NightlyInput = {
    site: slug,
    timeZone,
    session: await sessionOf(site),
    entities,
    run: newRun(now),
    ...(dt === undefined ? {} : { dt }),
    backdate,
    acceptSurplus,
    acceptNarrowed,
  }
  return { site, input }
}

/**
 * The runs that a call asks for, one for each site: options first, so that a slip of the keyboard is told before anything
 * is opened. What --select names is read, also where the configuration switches it off.
 */
export async function siteRuns(call: Call): Promise<readonly SiteRun[]> {
  const { options } = call
  const asked: Asked = {
    selected: textOption(options, 'select') === undefined ? undefined : selectedEntities(options),
    dt: dayOption(options),
    backdate: backdateOption(options),
  }
  const warehouse = warehouseOption(options)
  const sites = await configuredSites(call)
  return Promise.all(
    sites.map((site) => runOf(warehouse === undefined ? site : { ...site, warehouse }, asked, Date.now())),
  )
}
