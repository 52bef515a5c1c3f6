/** How one reading compares with another, in rows; columns by name. */
export interface Comparison {
  readonly before: number
  readonly after: number
  /** Keys of before that are not in after. */
  readonly deletions: number
  /** Columns with values in at least `LEAST_VALUES` rows before, and in none after. */
  readonly lostColumns: readonly string[]
}

const LEAST_DELETIONS = 10
const DELETED_SHARE = 0.2
/** A column counts as one with values from so many on. */
export const LEAST_VALUES = 50

/**
 * Why a reading is held although it is complete, or null when it passes: nothing where there was something,
 * more deletions than max(10, 20 %), a column that emptied. Thresholds: the fail-safes of DataHub (20 %) and of
 * Google's directory sync, measured here for false alarms.
 */
export function holdReason({ before, after, deletions, lostColumns }: Comparison): string | null {
  if (before > 0 && after === 0) return `0 rows where there were ${before}`
  const limit = Math.max(LEAST_DELETIONS, Math.floor(before * DELETED_SHARE))
  if (deletions > limit) return `${deletions} of ${before} rows are gone, and ${limit} may go in one night`
  if (lostColumns.length > 0) return `${lostColumns.join(', ')} had values and has none now`
  return null
}
