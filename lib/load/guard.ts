/** How many parents there were, how many of them left the list, and how many that were read are refused. */
export interface ParentComparison {
  readonly before: number
  readonly gone: number
  readonly refused: number
}

/** How one reading compares with another, in rows; columns by name. */
export interface Comparison {
  readonly before: number
  readonly after: number
  /** Keys of before that are not in after. */
  readonly deletions: number
  /** Columns with values in at least `LEAST_VALUES` rows before, and in none after. An empty text or list is no value. */
  readonly lostColumns: readonly string[]
  /** Of an entity that is read parent by parent. */
  readonly parents?: ParentComparison
}

const LEAST_DELETIONS = 10
const DELETED_SHARE = 0.2
/** A column counts as one with values from so many on. */
export const LEAST_VALUES = 50

/** What is said of columns that emptied. */
export const lostReason = (columns: readonly string[]): string =>
  `${columns.join(', ')} had values and has none now`

/** How many of so many may go in one night. */
const mayGo = (before: number): number => Math.max(LEAST_DELETIONS, Math.floor(before * DELETED_SHARE))

/**
 * Why a reading is held although it is complete, or null when it passes: nothing where there was something,
 * more than max(10, 20 %) gone, of rows or of parents, or refused, of parents; a column that emptied. Thresholds: the fail-safes of DataHub (20 %) and of
 * Google's directory sync, measured here for false alarms.
 */
export function holdReason({ before, after, deletions, lostColumns, parents }: Comparison): string | null {
  if (before > 0 && after === 0) return `0 rows where there were ${before}`
  const limit = mayGo(before)
  if (deletions > limit) return `${deletions} of ${before} rows are gone, and ${limit} may go in one night`
  // A list of parents that is cut would end the rows of those it lacks, few as they may be.
  if (parents !== undefined && parents.gone > mayGo(parents.before))
    return `${parents.gone} of ${parents.before} parents are gone, and ${mayGo(parents.before)} may go in one night`
  // Their rows would stay as last read, under the day of a reading that says nothing of them.
  if (parents !== undefined && parents.refused > mayGo(parents.before))
    return `${parents.refused} of ${parents.before} parents that were read are refused, and ${mayGo(parents.before)} may be`
  if (lostColumns.length > 0) return lostReason(lostColumns)
  return null
}

/** Of what went in the held night, so much may be back the next day: somebody takes a deletion back now and then. */
const BACK_SHARE = 0.2

/**
 * Whether so few of `lost` are back that the loss is real, by what stays away until the next day (`whole`) and what went
 * in between (`since`). A row that came with the held night and went at once counts as back: then somebody must look.
 */
const stayAway = (lost: number, since: number, whole: number): boolean =>
  lost - whole + since <= lost * BACK_SHARE

/** A held reading between its neighbours: what it lacks of the day before, the next day of it, and of the day before. */
export interface Between {
  readonly lost: Comparison
  readonly since: Comparison
  readonly whole: Comparison
}

/**
 * Whether what a reading was held for is gone on the next day, too. That the two are alike says little: 19 of 30 rows and
 * then 29 are, and so is a column that the next day has in too few rows to be missed.
 */
export function isGoneForGood({ lost, since, whole }: Between): boolean {
  const isLoss = lost.after === 0 || lost.deletions > mayGo(lost.before)
  if (isLoss && !stayAway(lost.deletions, since.deletions, whole.deletions)) return false
  const [was, between, is] = [lost.parents, since.parents, whole.parents]
  // Whoever is refused is not gone, whatever the next day reads: such a night never passes by itself.
  if (was !== undefined && was.refused > mayGo(was.before)) return false
  if (was === undefined || was.gone <= mayGo(was.before)) return true
  return stayAway(was.gone, between?.gone ?? 0, is?.gone ?? 0)
}
