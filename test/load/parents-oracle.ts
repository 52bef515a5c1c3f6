import type { ParentNight } from './links.ts'
import { historyOracle, type Reading, type Version } from './oracle.ts'

/** A committed night of a per-parent entity. */
export interface Night {
  readonly dt: string
  /** The columns that it was not sent. */
  readonly missing?: readonly string[]
  readonly parents: ParentNight
}

/** What is known of a parent on a day: its verdict, when it was last read, and its children and the columns not sent then. */
interface Known {
  readonly verdict: string
  readonly missing: readonly string[]
  readonly observedOn: string | null
  readonly children: Readonly<Record<string, string>>
}

type Day = ReadonlyMap<string, Known>

const NEVER_READ = { observedOn: null, missing: [], children: {} }

function nextDay(before: Day, { dt, parents, missing = [] }: Night): Day {
  const day = new Map<string, Known>()
  for (const [box, reading] of Object.entries(parents)) {
    if (reading === 'vanished') continue
    const isRead = typeof reading !== 'string'
    const now = isRead ? { observedOn: dt, missing, children: reading } : (before.get(box) ?? NEVER_READ)
    day.set(box, { ...now, verdict: isRead ? 'read' : reading })
  }
  return day
}

/** Every day of the nights, which are in order and hold no withdrawn one. */
export function daysOf(nights: readonly Night[]): readonly (Night & { readonly known: Day })[] {
  let known: Day = new Map()
  return nights.map((night) => {
    known = nextDay(known, night)
    return { ...night, known }
  })
}

/** A day's snapshot rows and coverage, ordered by key. */
export function publishedOf(known: Day) {
  const boxes = [...known].sort(([a], [b]) => (a < b ? -1 : 1))
  return {
    snapshot: boxes.flatMap(([box, { children, missing, observedOn }]) =>
      Object.keys(children)
        .sort()
        .map((thing) => ({
          box_id: box,
          thing_id: thing,
          role: missing.includes('role') ? null : children[thing],
          raw_extra: null,
          observed_on: observedOn,
        })),
    ),
    coverage: boxes.map(([box, { verdict, observedOn }]) => ({
      parent_id: box,
      verdict,
      observed_on: observedOn,
    })),
  }
}

const separator = '/'
const boxOf = (id: string): string => id.slice(0, id.indexOf(separator))

/**
 * The history of the folded snapshots; what changed did so after its parent's last reading that knew the column. Of a parent that the night
 * before listed and no night has read, nobody knows what it held.
 */
export function linksHistory(nights: readonly Night[]): readonly Version[] {
  const days = daysOf(nights)
  const readings: Reading[] = days.map(({ dt, known }) => ({
    dt,
    missing: [],
    missingOf: (id) => known.get(boxOf(id))?.missing ?? [],
    rows: new Map(
      [...known].flatMap(([box, { children }]) =>
        Object.entries(children).map(([thing, role]) => [`${box}${separator}${thing}`, { role }] as const),
      ),
    ),
  }))
  const readBefore = (box: string, dt: unknown, otherwise: unknown): string | null => {
    const before = days.findLast((day) => day.dt < String(dt))
    const known = before?.known.get(box)
    if (known !== undefined) return known.observedOn
    return otherwise === null ? null : String(otherwise)
  }
  // As of a day that did not read a parent, its rows are those of its last reading, in all that this one knew.
  const readAsOf = (box: string, dt: unknown): string | null =>
    days.find((day) => day.dt === dt)?.known.get(box)?.observedOn ?? null
  return historyOracle(readings, ['role']).versions.map(({ id, ...version }) => {
    const [box = '', thing = ''] = String(id).split(separator)
    return {
      box_id: box,
      thing_id: thing,
      ...version,
      changed_after:
        version['cause'] === 'changed'
          ? readAsOf(box, version['changed_after'])
          : readBefore(box, version['valid_from'], version['changed_after'] ?? null),
      gone_after:
        version['gone_after'] == null ? null : readBefore(box, version['valid_to'], version['gone_after']),
    }
  })
}
