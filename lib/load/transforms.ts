import type { Day } from '../core/day.ts'
import type { EventFacts } from '../core/entity.ts'
import type { StoredColumn } from '../core/receipt.ts'
import type { Shape } from '../core/shape.ts'
import type { Comparison } from './guard.ts'

/** The path of a file of rows in the staging folder of a load. */
export type StagedFile = string

/** A staged file with the columns that its manifest or receipt says it has: they are never taken from the file. */
export interface StagedRows {
  readonly file: StagedFile
  readonly columns: readonly StoredColumn[]
}

/** What files hold: facts (parents counted apart), their different keys, and facts without a key. */
export interface Tally {
  readonly rows: number
  readonly keys: number
  readonly keyless: number
}

/** A candidate next to a committed reading. `neighbour` is a candidate, for per-parent entities a folded snapshot. */
export interface Neighbours {
  readonly candidate: StagedFile
  readonly neighbour: StagedFile
  /** `from`: the neighbour is the earlier one. `to`: the candidate is. */
  readonly direction: 'from' | 'to'
  /** The columns that both know. */
  readonly columns: readonly string[]
  /** The coverage of the neighbour's day, of per-parent entities; null else. */
  readonly coverage: StagedFile | null
}

/** Staged files of a per-parent day: its folded rows, and how old they are. */
export interface ParentDay {
  readonly snapshot: StagedFile
  readonly coverage: StagedFile
}

/** What the files of a per-parent day are made of, each in words of its own: neither is ever taken for the other. */
export type ParentInputs = Readonly<Record<keyof ParentDay, string>>

/** A committed day that was not withdrawn, and the columns that it does not know; of the fold, those of the tracked ones. */
export interface StandingDay {
  readonly dt: Day
  readonly missing: readonly string[]
}

/** One committed day as the fold of history takes it. */
export interface FoldDay extends StandingDay {
  /** All days before it that stand, in order: the last one is the day before. */
  readonly earlier: readonly StandingDay[]
  /** Its candidate, for per-parent entities its folded snapshot. */
  readonly rows: StagedRows
  /**
   * Of per-parent entities, coverages of earlier days, that of the day before first: as many as tell, of every column that
   * this day knows, when each parent was last read by a day that knew it.
   */
  readonly coverages: readonly StagedFile[]
}

/** The day that the current table shows. */
export interface CurrentDay {
  readonly dt: Day
  readonly rows: StagedRows
  /** The readings that its rows are of: the day's own; below parents that it did not read, those of earlier days. */
  readonly readings: readonly StandingDay[]
}

/** How many keys a day brought, changed and lost. */
export interface DayChanges {
  readonly new: number
  readonly changed: number
  readonly gone: number
}

/** A history that is being folded, day by day in order. */
export interface Fold {
  apply(day: FoldDay): Promise<DayChanges>
  /** The whole history as a file, with this metadata of ours in its footer. */
  finish(metadata: Readonly<Record<string, string>>): Promise<StagedFile>
}

/** One reading of events, with what decides between two readings of the same event. */
export interface EventReading {
  readonly rows: StagedRows
  /** Milliseconds since 1970 UTC. */
  readonly observedTo: number
  readonly source: string
  readonly hash: string
}

/** An event by the first column of its key, and when it says that it was created, in ms since 1970. */
export interface NewestEvent {
  readonly id: string
  readonly createdAt: number
}

/**
 * What a load computes over rows, for one entity: relations go in and come out as staged files. The protocol (what is
 * committed and published when) is the load's; the rows are whoever implements this. Temporary files end with `close`.
 */
export interface Transforms {
  /** A staged file of verified bytes. */
  stage(bytes: Uint8Array): Promise<StagedFile>
  /** The bytes of a staged file. */
  collect(file: StagedFile): Promise<Uint8Array>
  tally(files: readonly StagedFile[]): Promise<Tally>
  /** These columns of all these files, in canonical order, with metadata of ours in the footer. */
  sorted(
    files: readonly StagedFile[],
    columns: readonly StoredColumn[],
    metadata: Readonly<Record<string, string>>,
  ): Promise<StagedFile>
  compare(sides: Neighbours): Promise<Comparison>
  /** A day's snapshot: these rows, or none when the day was withdrawn. `inputs` goes into its footer. */
  snapshot(rows: StagedRows | null, inputs: string): Promise<StagedFile>
  /**
   * A per-parent day folded from the one before; `candidate` null for a withdrawn day, which has no rows. Each file's
   * `inputs` goes into its footer.
   */
  parentDay(
    dt: Day,
    candidate: StagedRows | null,
    before: ParentDay | undefined,
    inputs: ParentInputs,
  ): Promise<ParentDay>
  /** The current table: the rows of a day, or none. */
  current(last: CurrentDay | null, inputs: string): Promise<StagedFile>
  /** The different days on which the parents of a coverage were last read, in order. */
  readOn(coverage: StagedFile): Promise<readonly Day[]>
  /** Begins a history: with nothing, or with a published one taken back to a day. */
  fold(from: { readonly file: StagedFile; readonly day: Day } | null): Promise<Fold>
  /** The months, `YYYY-MM`, in which the events of a file were created. */
  months(file: StagedFile, facts: EventFacts): Promise<readonly string[]>
  /** Of the events of a file the one that was created last; null when there are none. */
  newestEvent(file: StagedFile, facts: EventFacts): Promise<NewestEvent | null>
  /** A month of events, from all readings that touch it; no rows when there is none. */
  month(
    month: string,
    readings: readonly EventReading[],
    facts: EventFacts,
    inputs: string,
  ): Promise<StagedFile>
  /** How many rows are in one of two files and not in the other, by these columns. Throws `internal` when a column is not there. */
  differences(a: StagedFile, b: StagedFile, columns: readonly StoredColumn[]): Promise<number>
  close(): Promise<void>
}

/** Where the transforms of an entity come from. */
export interface LoadEngine {
  transforms(shape: Shape): Promise<Transforms>
}
