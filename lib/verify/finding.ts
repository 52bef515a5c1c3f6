/**
 * What verification says of an object or an entity. `damaged`: its bytes are not those written, or it is gone;
 * `wrong`: whole, and not what the manifests say; `none`: nothing is there, and nothing says that there ever was.
 */
export interface Finding {
  readonly entity: string
  readonly site: string
  /** The object, or the part of the warehouse that was looked at. */
  readonly key: string
  readonly level: 'ok' | 'damaged' | 'wrong' | 'none'
  readonly message: string
  /** What to do; empty when all is well. */
  readonly next: string
}

/** Whether a finding asks for nothing. */
export const isWell = ({ level }: Pick<Finding, 'level'>): boolean => level === 'ok' || level === 'none'
