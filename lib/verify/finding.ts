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
