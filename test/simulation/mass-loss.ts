import { PARENT_VERDICT } from '../../lib/core/shape.ts'
import { daysOf, publishedOf } from '../load/parents-oracle.ts'
import { type CommittedReading, nightOf } from './oracle.ts'
import type { PlainRow } from './plain-file.ts'

const keyOf = (row: PlainRow): string => JSON.stringify([row['id'], row['box_id'], row['thing_id']])

/** What a neighbour holds that the candidate decides on: of parents it could not read, nothing. */
function decided(
  entity: string,
  taken: readonly CommittedReading[],
  neighbour: CommittedReading,
  candidate: CommittedReading,
): readonly PlainRow[] {
  if (entity !== 'links') return neighbour.rows ?? []
  const known = daysOf(taken.map(nightOf)).find(({ dt }) => dt === neighbour.dt)?.known ?? new Map()
  const unread = new Set(
    (candidate.rows ?? [])
      .filter((row) => ['not_read', 'forbidden'].includes(String(row[PARENT_VERDICT])))
      .map((row) => row['box_id']),
  )
  return publishedOf(known).snapshot.filter((row) => !unread.has(row.box_id))
}

/** Whether going from one reading to the other loses what the guard should hold: all, or more than max(10, a fifth). */
export function isMassLoss(
  entity: string,
  taken: readonly CommittedReading[],
  neighbour: CommittedReading | undefined,
  candidate: CommittedReading,
  direction: 'from' | 'to',
): boolean {
  if (neighbour === undefined) return false
  const mine = (candidate.rows ?? []).filter((row) => row[PARENT_VERDICT] == null)
  const theirs = decided(entity, taken, neighbour, candidate)
  const [before, after] = direction === 'from' ? [theirs, mine] : [mine, theirs]
  const there = new Set(after.map(keyOf))
  const gone = before.filter((row) => !there.has(keyOf(row))).length
  return (before.length > 0 && after.length === 0) || gone > Math.max(10, Math.floor(before.length / 5))
}
