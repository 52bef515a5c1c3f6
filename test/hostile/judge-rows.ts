import { isDeepStrictEqual } from 'node:util'
import type { Cell, Column, ColumnType, Row } from '../../lib/core/column.ts'
import type { Entity } from '../../lib/core/entity.ts'
import { AlmanacError } from '../../lib/core/errors.ts'
import type { RawItem } from '../../lib/core/item.ts'
import { type Drift, keyOf, rowReader } from '../../lib/core/row.ts'
import type { ItemCase } from './mutate-rows.ts'

const INT64 = 2n ** 63n

/** What a cell of a type must be, said once more and in other words than the casts say it. */
const IS_OF: Readonly<Record<ColumnType, (cell: Cell, raw: string) => boolean>> = {
  text: (cell, raw) => cell === raw.toWellFormed(),
  integer: (cell, raw) =>
    typeof cell === 'bigint' && cell < INT64 && cell >= -INT64 && cell === BigInt(raw.replace('+', '')),
  double: (cell, raw) => cell === Number(raw) && Number.isFinite(cell),
  boolean: (cell, raw) => String(cell) === raw.toLowerCase(),
  timestamp: (cell, raw) => typeof cell === 'bigint' && isInstant(cell, raw),
  date: (cell, raw) => typeof cell === 'number' && new Date(cell * 86_400_000).toISOString().startsWith(raw),
  list: () => false,
}

const LEAP_SECOND = /:60(\.|Z|$|[+-])/

/** Whether so many microseconds are the instant of a text: by `Date`, to the millisecond, where it can read the text. */
function isInstant(micros: bigint, raw: string): boolean {
  const zoned = /(Z|[+-]\d\d:?\d\d)$/.test(raw) ? raw : `${raw}Z`
  const ms = Date.parse(zoned.replace(/(\.\d{3})\d+/, '$1').replace(/([+-]\d\d)(\d\d)$/, '$1:$2'))
  if (Number.isNaN(ms)) return LEAP_SECOND.test(raw)
  return micros / 1000n - (micros % 1000n < 0n ? 1n : 0n) === BigInt(ms)
}

/** What is wrong with a cell; undefined when nothing is. */
function faultOfCell(
  name: string,
  { type, from }: Column,
  { item, parent }: ItemCase,
  cell: Cell,
): string | undefined {
  const raw = from === '{parent}' ? parent : from === undefined ? undefined : item[from]
  const says = `${name} is ${String(cell)} of ${JSON.stringify(raw)}`
  if (type === 'list') {
    const wanted =
      raw === undefined
        ? undefined
        : [raw]
            .flat()
            .map((value) => value.toWellFormed())
            .sort()
    if (wanted === undefined) return cell === null || isDeepStrictEqual(cell, []) ? undefined : says
    return isDeepStrictEqual(cell, wanted) ? undefined : says
  }
  if (raw === undefined) return cell === null ? undefined : says
  if (typeof raw !== 'string') return `${says}, which are several`
  // A day that is none, and no value where there is no text: the first is kept elsewhere.
  if (cell === null) return type === 'timestamp' || type === 'date' ? undefined : says
  return IS_OF[type](cell, raw) ? undefined : says
}

/** Paths that are sources of columns, dropped on purpose, or on the way to one of these. */
function isDeclared(entity: Entity, path: string): boolean {
  const paths = [...Object.values(entity.columns).flatMap(({ from }) => from ?? []), ...entity.drop]
  return paths.some((each) => each === path || each.startsWith(`${path}/`))
}

/** A part of an item that is neither in a column nor kept nor counted is lost. */
function lostPart({ entity, item }: ItemCase, row: Row, drift: Drift): string | undefined {
  const kept: unknown = JSON.parse(String(row['raw_extra'] ?? '{}'))
  for (const [path, value] of Object.entries(item)) {
    if (value === undefined || isDeclared(entity, path)) continue
    if (!drift.has(path)) return `${path} is neither kept nor counted`
    const isKept = typeof kept === 'object' && kept !== null && Object.hasOwn(kept, path)
    if (!isKept && entity.read.item !== 'user' && !path.includes('owner/') && !path.includes('user/'))
      return `${path} is counted and not kept`
  }
  return undefined
}

/** What is wrong with the row of an item. */
function faultOfRow(given: ItemCase, row: Row, drift: Drift): string | undefined {
  const { entity } = given
  if (!isDeepStrictEqual(Object.keys(row), Object.keys(entity.columns)))
    return `has the columns ${Object.keys(row)}`
  for (const [name, column] of Object.entries(entity.columns)) {
    const cell = row[name] ?? null
    if (column.isRequired && cell === null) return `${name} is required and null`
    const fault = column.from === undefined ? undefined : faultOfCell(name, column, given, cell)
    if (fault !== undefined) return fault
  }
  if (keyOf(entity, row) === '') return 'has an empty key'
  return lostPart(given, row, drift)
}

/** What is wrong with how an item becomes a row; it must become one that says the same, or be refused by `bad-row`. */
export function faultOfItem(given: ItemCase): string | undefined {
  const drift: Drift = new Map()
  try {
    return faultOfRow(given, rowReader(given.entity, drift)(given.item, given.parent), drift)
  } catch (thrown) {
    const isTyped = thrown instanceof AlmanacError && thrown.code === 'bad-row'
    if (!isTyped) return `an untyped error: ${thrown instanceof Error ? thrown.stack : String(thrown)}`
    return thrown.message.length > 400 ? `a message of ${thrown.message.length} letters` : undefined
  }
}

/** Whether an item becomes a row at all. */
export function isRow({
  entity,
  item,
  parent,
}: {
  entity: Entity
  item: RawItem
  parent: string | undefined
}): boolean {
  try {
    rowReader(entity, new Map())(item, parent)
    return true
  } catch {
    return false
  }
}
