/** What one pass over a list came to. */
export interface PassTally {
  /** `totalAvailable` of the first and of the last page; null where the endpoint announces none. */
  readonly firstTotal: number | null
  readonly lastTotal: number | null
  readonly received: number
  /** Different keys among what was received. */
  readonly unique: number
}

/** How often a list is read before it counts as unstable. */
export const MAX_PASSES = 3

/** Why a pass does not prove that the list is whole, or null when it does. */
export function passFault({ firstTotal, lastTotal, received, unique }: PassTally): string | null {
  if (received > unique) return `${received - unique} of ${received} rows came twice`
  if (firstTotal !== lastTotal)
    return `Tableau announced ${firstTotal} rows on the first page and ${lastTotal} on the last`
  if (firstTotal !== null && unique !== firstTotal)
    return `Tableau announced ${firstTotal} rows and delivered ${unique}`
  return null
}

/**
 * How many rows Tableau announces beyond those it delivers, when every pass saw the same: the same ids (`sameIds`),
 * no doubles, one constant surplus. Undefined when it is not that plain. Whether it counts as complete is
 * configuration's to say (server-client-python issue 1304: 409 announced, 400 delivered, night after night).
 */
export function constantSurplus(passes: readonly PassTally[], sameIds: boolean): number | undefined {
  if (passes.length < MAX_PASSES || !sameIds) return undefined
  const surpluses = passes.map((pass) =>
    pass.received === pass.unique && pass.firstTotal === pass.lastTotal
      ? (pass.firstTotal ?? 0) - pass.unique
      : 0,
  )
  const [first = 0] = surpluses
  return first > 0 && surpluses.every((surplus) => surplus === first) ? first : undefined
}
