import { randomUUID } from 'node:crypto'
import type { SiteConfiguration } from '../config/configuration.ts'
import { type Day, lastInstantOf } from '../core/day.ts'
import type { Entity } from '../core/entity.ts'
import type { ObjectStore } from '../core/ports.ts'
import { exitOfRun, type RunReport } from '../core/report.ts'
import { completeDays } from '../load/complete-days.ts'
import { type Surroundings, secretsOf } from './connection.ts'
import { postFrom } from './post.ts'

/** What sends messages for a site: its secrets, its way out, this machine's clock. */
export async function sendingFrom(site: SiteConfiguration, around: Surroundings) {
  const [{ systemClock: clock }, secrets] = await Promise.all([
    import('../adapters/local/clock.ts'),
    secretsOf(around),
  ])
  return { clock, secrets, post: postFrom(site, around, secrets, clock) }
}

/** When the token expires: as Tableau tells it, else as the configuration does, by the end of that day; in ms since 1970. */
export function expiryOf(
  { signIn }: Pick<SiteConfiguration, 'signIn'>,
  { tokenExpiresAt = null }: Pick<RunReport, 'tokenExpiresAt'>,
): number | null {
  if (tokenExpiresAt !== null || signIn.kind !== 'pat' || signIn.expires === undefined) return tokenExpiresAt
  return lastInstantOf(signIn.expires)
}

/** The newest day up to which every one of these entities is there; null when one never was. */
export async function lastWholeDay(
  store: ObjectStore,
  site: string,
  entities: readonly Entity[],
): Promise<Day | null> {
  const lasts = await Promise.all(
    entities.map(async (entity) => (await completeDays(store, entity, site)).at(-1) ?? null),
  )
  return lasts.reduce(
    (least, last) => (least === null || last === null || last < least ? last : least),
    lasts[0] ?? null,
  )
}

const QUICK_MS = 3_000

/** The same; null too when the store does not say it quickly: what is nice to know must not keep the message back. */
async function lastDayIfQuick(
  store: ObjectStore,
  site: string,
  entities: readonly Entity[],
): Promise<Day | null> {
  const { within } = await import('../notify/within.ts')
  return within(QUICK_MS, 'the warehouse', () => lastWholeDay(store, site, entities)).catch(() => null)
}

/** A night that people are told of. */
export interface NightToTell {
  readonly site: SiteConfiguration
  readonly entities: readonly Entity[]
  readonly report: RunReport
  /** Undefined where the warehouse could not be opened. */
  readonly store: ObjectStore | undefined
  /** The command that commits a held day. */
  readonly acceptCommand: (entity: string, candidate: string) => string
}

/** Tells the people whom a site's configuration names how its night ended. Gives what kept somebody from being told. */
export async function tellNight(night: NightToTell, around: Surroundings): Promise<readonly string[]> {
  const { site, entities, report, store, acceptCommand } = night
  if (site.notify.length === 0) return []
  const { notify } = await import('../notify/notify.ts')
  const sending = await sendingFrom(site, around)
  const isWhole = exitOfRun(report) === 0 || store === undefined
  const { targets, memory } = await notify(
    {
      report,
      tokenExpiresAt: expiryOf(site, report),
      site,
      targets: site.notify,
      entities: site.entities,
      isPat: site.signIn.kind === 'pat',
      acceptCommand,
      lastComplete: isWhole ? null : await lastDayIfQuick(store, site.slug, entities),
    },
    { ...sending, store: store ?? null, newId: randomUUID },
  )
  const problems = targets.flatMap(({ target, outcome, reason }) =>
    outcome === 'failed' ? [`${target} was not told: ${reason}`] : [],
  )
  return [...(memory === null ? [] : [memory]), ...problems]
}
