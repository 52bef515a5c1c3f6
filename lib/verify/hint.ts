import type { Place } from '../core/keys.ts'

/** How a derived object comes back. */
export const rebuildHint = ({ entity, site }: Place): string =>
  `It is derived: almanac load --rebuild --select ${entity} --site ${site} makes it again.`

const RESTORE =
  'It is primary and cannot be made again: restore the file from a backup or an earlier version. Without one, '

const withdraw = ({ entity, site }: Place, dt: string): string =>
  `almanac withdraw ${entity} --date ${dt} --reason "object lost" --site ${site}`

/** How the rows of a committed day come back. */
export const restoreHint = (at: Place, dt: string): string =>
  `${RESTORE}take the day out: ${withdraw(at, dt)}.`

/** How the manifest of a day comes back: a new version needs nothing of a lost one, and its readings may still be there. */
export const manifestHint = (at: Place, dt: string): string =>
  `${RESTORE}take the day out and commit its newest reading again, if there is one: ${withdraw(at, dt)}, then almanac load --select ${at.entity} --date ${dt} --replace withdrawn --reason "manifest lost" --site ${at.site}.`

/** What to do about a damaged observation or its receipt: events cannot be withdrawn. */
export function observationHint(key: string, { entity, site }: Place): string {
  const name = key.replace(/\.(?:parquet|json)$/, '')
  return `${RESTORE}remove ${name}.parquet and ${name}.json, then run almanac load --rebuild --select ${entity} --site ${site}: the next load makes them again while their landing is there, else what they alone told is lost.`
}

/** What to do about a damaged reading, or its receipt, of a day that is not committed. */
export const HELD_HINT =
  'Nothing is committed of it: restore it where there is a backup, else remove it. The next load makes it again while its landing is there, else that reading is lost.'

/** What to do about an object of which nothing is made any more. */
export const NEEDLESS_HINT =
  'Nothing is made of it any more: restore it where there is a backup, else remove it.'

/** What to do about a damaged landing. */
export const LANDING_HINT =
  'It is temporary: nothing is lost when its day is committed, else run that day again.'

/** How one makes the days of an entity stand in order again. */
export const withdrawHint = ({ entity, site }: Place, one: string, other: string): string =>
  `Withdraw the one that was read at the wrong time: almanac withdraw ${entity} --date ${one} (or ${other}) --reason … --site ${site}`

/** What to do where tables are published, and what they were made of is not there. */
export const lostHint = ({ entity }: Place, area: 'manifest' | 'observation'): string =>
  `Restore what is below ${area}/${area === 'manifest' ? ' and candidate/' : ''} of ${entity} from a backup: the published tables were made of it.`

/** What to do about a published object for which nothing stands. */
export const strayHint = (key: string, { entity, site }: Place, area: 'manifest' | 'observation'): string =>
  `If it was ever proven, restore what is below ${area}/${area === 'manifest' ? ' and candidate/' : ''} of ${entity} from a backup, then run almanac load --rebuild --select ${entity} --site ${site}. Else remove ${key}: questions read it.`

/** What to do about days that were complete, and of which nothing is committed. */
export const reportedHint = ({ entity, site }: Place, isState: boolean): string =>
  `Restore what is below ${isState ? 'manifest/ and candidate/' : 'observation/'} of ${entity} from a backup, then run almanac load --rebuild --select ${entity} --site ${site}. Without one, almanac load --select ${entity} --site ${site} takes what landing still has. When a day is lost for good, remove the reports of its runs below runs/site=${site}/: nothing asks for it then.`

/** What to do about damaged objects that belong to a site and to no entity. */
export const SITE_HINTS = {
  site: 'It says which site this slug means. Restore it from a backup. Without one, make sure that the sign-in still reaches the same site (the table "site" has its id), then remove it: the next night binds the slug to whatever site it reaches.',
  runs: 'It is the report of one run, and nothing else is made of it: restore it where there is a backup, else remove it, and that report is lost.',
  notice:
    'It says who was told of which incident: remove it. The next night writes it anew, and may tell of an open incident again.',
  lease: 'It says which run holds a token: remove it while no run is going. Nothing is lost.',
} as const
