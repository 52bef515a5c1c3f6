import type { Entity } from '../core/entity.ts'
import type { Asked } from '../doctor/ask.ts'
import { PAGE_SIZE } from '../tableau/readers.ts'

/**
 * What the chain from XML to history takes for a row, in ms of one core: 50,000 rows of the model site in about 4 seconds
 * (docs/benchmarks.md, "A night of the model site").
 */
const ROW_MS = 0.08

/** A sign-in, the look at ourselves and a sign-out. */
const SESSION_CALLS = 4

const pages = (rows: number): number => Math.max(1, Math.ceil(rows / PAGE_SIZE))

/** How many calls a night makes for an entity: pages of 1,000, or a page of parents and a call for each parent. */
export function callsFor({ read }: Entity, { count, parents }: Asked): number {
  if (parents !== null) return pages(parents) + parents
  return read.shape === 'list' && read.paging === 'numbered' ? pages(count ?? 0) : 1
}

/** What a night is made of, and how it goes. */
export interface Load {
  readonly calls: number
  readonly rows: number
}

/** How calls go: the wait for one in ms, and how many are made side by side. */
export interface Pace {
  readonly latencyMs: number
  readonly concurrency: number
}

/** How long a night may take, in seconds: the calls side by side, and the rows one after the other. */
export const secondsFor = ({ calls, rows }: Load, { latencyMs, concurrency }: Pace): number =>
  ((calls * latencyMs) / Math.max(1, concurrency) + rows * ROW_MS) / 1000

/** A whole night: what its entities take, and the session. */
export const nightOf = (entities: readonly Load[]): Load => ({
  calls: entities.reduce((sum, { calls }) => sum + calls, SESSION_CALLS),
  rows: entities.reduce((sum, { rows }) => sum + rows, 0),
})

/** The middle of some numbers; 0 of none. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  const [low, high] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[Math.floor(sorted.length / 2)]]
  return ((low ?? 0) + (high ?? 0)) / 2
}
