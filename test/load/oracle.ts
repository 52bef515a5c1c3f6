/**
 * History told a second time, key by key in plain JavaScript, and knowing nothing of the SQL: what the fold must come to.
 */

/** A cell of a toy row. */
export type Value = string | number | readonly string[] | null

/** One reading of a day: rows by key, and the columns that it does not know. */
export interface Reading {
  readonly dt: string
  readonly missing: readonly string[]
  /** What is not known of one key, where keys were not all read on the same day; else what the day does not know. */
  readonly missingOf?: (id: string) => readonly string[]
  readonly rows: ReadonlyMap<string, Readonly<Record<string, Value>>>
}

/** A version of a row, under the names of the published history. */
export type Version = Readonly<Record<string, Value>>

/** An entry of `_changes`. */
export type Change = Readonly<Record<string, Value>>

interface Open {
  readonly values: Record<string, Value>
  readonly unknown: readonly string[]
  readonly since: string
  readonly cause: string
  readonly after: string | null
}

const same = (a: Value | undefined, b: Value | undefined): boolean => JSON.stringify(a) === JSON.stringify(b)

const earliest = (days: readonly (string | undefined)[]): string | null =>
  days.flatMap((day) => day ?? []).sort()[0] ?? null

function versionOf(id: string, open: Open, until: string | null, goneAfter: string | null): Version {
  return {
    id,
    ...open.values,
    valid_from: open.since,
    valid_to: until,
    cause: open.cause,
    changed_after: open.after,
    gone_after: goneAfter,
    unknown: open.unknown.length === 0 ? null : open.unknown,
  }
}

/** One key's versions and changes over the readings, which are in order of day and hold no withdrawn one. */
function keyHistory(id: string, readings: readonly Reading[], columns: readonly string[]) {
  const versions: Version[] = []
  const changes: Change[] = []
  let open: Open | undefined
  let before: string | null = null
  /** Of each column the last day that knew it of this key. */
  const knownOn = new Map<string, string>()
  const note = (
    kind: string,
    on: string,
    column: string | null = null,
    old: Value = null,
    now: Value = null,
    after: Value = before,
  ) => changes.push({ id, kind, changed_on: on, changed_after: after, column, old, now })
  const noteWhileGone = (
    gone: Version,
    row: Readonly<Record<string, Value>>,
    known: readonly string[],
    dt: string,
  ) => {
    const unknown = Array.isArray(gone['unknown']) ? gone['unknown'] : []
    for (const column of known)
      if (!unknown.includes(column) && !same(gone[column], row[column] ?? null))
        note('changed', dt, column, gone[column] ?? null, row[column] ?? null, gone['gone_after'] ?? null)
  }
  for (const { dt, rows, ...day } of readings) {
    const row = rows.get(id)
    const missing = day.missingOf?.(id) ?? day.missing
    const was: Open | undefined = open
    const known = columns.filter((column) => !missing.includes(column))
    const differing: string[] =
      was === undefined || row === undefined
        ? []
        : known.filter((column) => !was.unknown.includes(column) && !same(was.values[column], row[column]))
    const learned: string[] = was === undefined ? [] : known.filter((column) => was.unknown.includes(column))
    if (was !== undefined && row === undefined) {
      versions.push(versionOf(id, was, dt, before))
      note('gone', dt)
      open = undefined
    } else if (row !== undefined && (was === undefined || differing.length + learned.length > 0)) {
      if (was !== undefined) versions.push(versionOf(id, was, dt, null))
      const cause =
        was === undefined
          ? versions.length > 0
            ? 'returned'
            : 'new'
          : differing.length > 0
            ? 'changed'
            : 'schema'
      const gone = was === undefined ? versions.at(-1) : undefined
      // What changed in a column that the day before did not know did so since the last day that knew it.
      const after = cause === 'changed' ? earliest(differing.map((column) => knownOn.get(column))) : before
      if (was === undefined) note(cause, dt)
      if (gone !== undefined) noteWhileGone(gone, row, known, dt)
      for (const column of differing)
        note('changed', dt, column, was?.values[column] ?? null, row[column] ?? null, after)
      open = {
        values: Object.fromEntries(
          columns.map((column) => [
            column,
            missing.includes(column) ? (was?.values[column] ?? null) : (row[column] ?? null),
          ]),
        ),
        unknown: missing.filter((column) => was === undefined || was.unknown.includes(column)).toSorted(),
        since: dt,
        cause,
        after,
      }
    }
    if (row !== undefined) for (const column of known) knownOn.set(column, dt)
    before = dt
  }
  if (open !== undefined) versions.push(versionOf(id, open, null, null))
  return { versions, changes }
}

/** The whole history and all changes, ordered by key and day. */
export function historyOracle(readings: readonly Reading[], columns: readonly string[]) {
  const ids = [...new Set(readings.flatMap(({ rows }) => [...rows.keys()]))].sort()
  const each = ids.map((id) => keyHistory(id, readings, columns))
  return {
    versions: each.flatMap(({ versions }) => versions),
    changes: each.flatMap(({ changes }) => changes),
  }
}
