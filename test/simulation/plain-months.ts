import type { EventFacts } from '../../lib/core/entity.ts'
import type { Shape } from '../../lib/core/shape.ts'
import type { PlainCell, PlainRow } from './plain-file.ts'

/** One reading of events in plain rows. */
export interface PlainReading {
  readonly rows: readonly PlainRow[]
  readonly observedTo: number
  readonly source: string
  readonly hash: string
}

interface Sight extends Omit<PlainReading, 'rows'> {
  readonly row: PlainRow
  readonly finished: number
}

const byRank = (a: Sight, b: Sight): number =>
  a.finished - b.finished ||
  a.observedTo - b.observedTo ||
  (a.source < b.source ? -1 : a.source > b.source ? 1 : 0) ||
  (a.hash < b.hash ? -1 : a.hash > b.hash ? 1 : 0)

function finishedRank({ endedColumn, lost }: EventFacts, row: PlainRow): number {
  if (row[endedColumn] != null) return 2
  return Object.entries(lost).every(([column, value]) => row[column] === value) ? 1 : 0
}

/** A month of events: of each, column by column, the newest value that is not null; of its creation the first. */
export function monthRows(
  shape: Shape,
  month: string,
  readings: readonly PlainReading[],
  facts: EventFacts,
): PlainRow[] {
  const sights = readings.flatMap(({ rows, ...reading }) =>
    rows.map((row): Sight => ({ ...reading, row, finished: finishedRank(facts, row) })),
  )
  const events = new Map<string, Record<string, PlainCell>>()
  for (const { row, observedTo } of sights.sort(byRank)) {
    const key = JSON.stringify(shape.key.map((name) => row[name]))
    const event = events.get(key) ?? Object.fromEntries(shape.columns.map(({ name }) => [name, null]))
    const created = [event[facts.createdColumn], row[facts.createdColumn]]
      .filter((each) => each != null)
      .sort()
    for (const { name } of shape.columns) if (row[name] != null) event[name] = row[name] ?? null
    event[facts.createdColumn] = created[0] ?? null
    event['observed_at'] = Math.max(Number(event['observed_at'] ?? 0), observedTo)
    events.set(key, event)
  }
  return [...events.values()]
    .filter((event) => String(event[facts.createdColumn]).slice(0, 7) === month)
    .map((event) => ({
      ...event,
      observed_at: new Date(Number(event['observed_at'])).toISOString().slice(0, 23),
    }))
}
