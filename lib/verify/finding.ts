/**
 * What verification says of an object or an entity. `damaged`: its bytes are not those written, or it is gone;
 * `wrong`: whole, and not what the manifests say.
 */
export interface Finding {
  readonly entity: string
  readonly site: string
  /** The object, or the part of the warehouse that was looked at. */
  readonly key: string
  readonly level: 'ok' | 'damaged' | 'wrong'
  readonly message: string
  /** What to do; empty when all is well. */
  readonly next: string
}

/** How a derived object comes back. */
export const rebuildHint = (entity: string, site: string): string =>
  `It is derived: almanac load --rebuild --select ${entity} --site ${site} makes it again.`

/** How a primary object comes back. */
export const restoreHint = (entity: string, dt: string): string =>
  `It is primary and cannot be made again: restore the file from a backup or an earlier version. Without one, take the day out: almanac withdraw ${entity} --date ${dt} --reason "object lost".`

/** How one makes the days of an entity stand in order again. */
export const withdrawHint = (entity: string, one: string, other: string): string =>
  `Withdraw the one that was read at the wrong time: almanac withdraw ${entity} --date ${one} (or ${other}) --reason …`

/** What to do about a damaged observation: events cannot be withdrawn. */
export const observationHint = (key: string, entity: string, site: string): string => {
  const [name] = key.split(/\.(?:parquet|json)$/)
  return `It is primary and cannot be made again: restore the file from a backup or an earlier version. Without one, what it alone told is lost: remove ${name}.parquet and ${name}.json, then run almanac load --rebuild --select ${entity} --site ${site}.`
}

/** What to do about an object of which nothing is made any more. */
export const NEEDLESS =
  'Nothing is made of it any more: restore it where there is a backup, and leave it where there is none.'

/** What to do about a reading whose day is not committed. */
export const HELD_HINT =
  'Its day is not committed, and loads pass it by: restore it where there is a backup, else that reading is lost.'
