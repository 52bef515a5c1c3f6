import { historyColumns } from '../../lib/core/published.ts'
import type { Shape } from '../../lib/core/shape.ts'
import type { DayChanges, StandingDay } from '../../lib/load/transforms.ts'
import type { PlainCell, PlainRow } from './plain-file.ts'

/**
 * A day as the plain fold takes it. `readings`: of coverages of earlier days, the last one's first, when each listed parent was
 * last read, null where it never was.
 */
export interface PlainDay extends StandingDay {
  readonly earlier: readonly StandingDay[]
  readonly rows: readonly PlainRow[]
  readonly readings: readonly ReadonlyMap<string, string | null>[]
}

const same = (a: PlainCell | undefined, b: PlainCell | undefined): boolean =>
  JSON.stringify(a ?? null) === JSON.stringify(b ?? null)

const unknownOf = (row: PlainRow): readonly string[] => (row['unknown'] as readonly string[] | null) ?? []

/** History in plain rows: what is open and what is closed, taken back to a day or begun, then folded on. */
export function plainFold(
  shape: Shape,
  from: { readonly rows: readonly PlainRow[]; readonly day: string } | null,
): { apply(day: PlainDay): DayChanges; rows(): readonly PlainRow[] } {
  const names = historyColumns(shape).map(({ name }) => name)
  const tracked = shape.tracked.map(({ name }) => name)
  const open = new Map<string, PlainRow>()
  const closed: PlainRow[] = []
  const keyOf = (row: PlainRow): string => JSON.stringify(shape.key.map((name) => row[name]))
  for (const row of from?.rows ?? []) {
    const { valid_from, valid_to } = row
    if (String(valid_from) > (from?.day ?? '')) continue
    if (valid_to != null && String(valid_to) <= (from?.day ?? '')) closed.push(row)
    else open.set(keyOf(row), { ...row, valid_to: null, gone_after: null })
  }
  const readingBefore = (row: PlainRow, day: PlainDay): string | null => {
    const read = shape.parent === undefined ? undefined : day.readings[0]?.get(String(row[shape.parent]))
    return read === undefined ? (day.earlier.at(-1)?.dt ?? null) : read
  }
  /** The last reading that knew a column of a row that was there. */
  const knownOn = (row: PlainRow, column: string, { earlier, readings }: PlainDay): string => {
    const knowing = new Set(earlier.filter(({ missing }) => !missing.includes(column)).map(({ dt }) => dt))
    const { parent } = shape
    const read =
      parent === undefined ? knowing : readings.flatMap((each) => each.get(String(row[parent])) ?? [])
    return (
      [...read]
        .filter((dt) => knowing.has(dt))
        .sort()
        .at(-1) ?? 'never'
    )
  }
  const opened = (
    key: string,
    now: PlainRow,
    was: PlainRow | undefined,
    begins: { readonly cause: string; readonly changed_after: string | null },
    day: PlainDay,
  ) => {
    const unknown = day.missing.filter((name) => was === undefined || unknownOf(was).includes(name)).sort()
    const cells = tracked.map((name) => [
      name,
      (day.missing.includes(name) ? was?.[name] : now[name]) ?? null,
    ])
    const facts = {
      ...Object.fromEntries(shape.key.map((name) => [name, now[name]])),
      ...Object.fromEntries(cells),
      valid_from: day.dt,
      valid_to: null,
      ...begins,
      gone_after: null,
      unknown: unknown.length === 0 ? null : unknown,
    }
    open.set(key, Object.fromEntries(names.map((name) => [name, facts[name as keyof typeof facts] ?? null])))
  }
  return {
    rows: () => [...closed, ...open.values()],
    apply: (day) => {
      const today = new Map(day.rows.map((row) => [keyOf(row), row]))
      const known = tracked.filter((name) => !day.missing.includes(name))
      const changes = { new: 0, changed: 0, gone: 0 }
      for (const [key, was] of [...open]) {
        const now = today.get(key)
        if (now !== undefined) continue
        closed.push({ ...was, valid_to: day.dt, gone_after: readingBefore(was, day) })
        open.delete(key)
        changes.gone++
      }
      for (const [key, now] of today) {
        const was = open.get(key)
        if (was === undefined) {
          const isBack = closed.some((row) => keyOf(row) === key)
          opened(
            key,
            now,
            undefined,
            { cause: isBack ? 'returned' : 'new', changed_after: readingBefore(now, day) },
            day,
          )
          changes.new++
          continue
        }
        // Rows below a parent that was not read today are of an older day, which knew other columns.
        if (shape.parent !== undefined && now['observed_on'] !== day.dt) continue
        const differing = known.filter(
          (name) => !unknownOf(was).includes(name) && !same(was[name], now[name]),
        )
        const isChanged = differing.length > 0
        if (!isChanged && !known.some((name) => unknownOf(was).includes(name))) continue
        closed.push({ ...was, valid_to: day.dt, gone_after: null })
        const [after] = differing.map((name) => knownOn(was, name, day)).sort()
        const begins = {
          cause: isChanged ? 'changed' : 'schema',
          changed_after: after ?? readingBefore(now, day),
        }
        opened(key, now, was, begins, day)
        if (isChanged) changes.changed++
      }
      return changes
    },
  }
}
