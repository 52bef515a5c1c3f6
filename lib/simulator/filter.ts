import type { Field, Fields, FieldType, Operator } from './filterable.ts'
import type { Lookup } from './lookup.ts'
import { refused } from './refusal.ts'

type Key = string | number
type Test<Row> = (row: Row) => boolean

const operators: ReadonlySet<string> = new Set(['eq', 'gt', 'gte', 'lt', 'lte', 'in', 'has'])
const isOperator = (text: string): text is Operator => operators.has(text)

const BAD_KEY = Number.NaN

const keyOf = (type: FieldType, value: string | number | boolean): Key => {
  if (type === 'time') return Date.parse(String(value))
  if (type === 'number') return String(value).trim() === '' ? BAD_KEY : Number(value)
  return type === 'boolean' ? String(value).toLowerCase() : String(value)
}

const expected = (type: FieldType, text: string): Key => {
  const key = keyOf(type, text)
  const boolean = type !== 'boolean' || key === 'true' || key === 'false'
  if (Number.isNaN(key) || !boolean) throw refused(400008, `Invalid filter value '${text}'`)
  return key
}

const compares: Record<Exclude<Operator, 'in'>, (left: Key, right: Key) => boolean> = {
  eq: (left, right) => left === right,
  gt: (left, right) => left > right,
  gte: (left, right) => left >= right,
  lt: (left, right) => left < right,
  lte: (left, right) => left <= right,
  has: (left, right) => String(left).toLowerCase().includes(String(right).toLowerCase()),
}

const keysOf = <Row>(field: Field<Row>, row: Row, lookup: Lookup): readonly Key[] => {
  const value = field.value(row, lookup)
  if (value === undefined || value === '') return []
  if (typeof value === 'object') return value
  return [keyOf(field.type, value)]
}

const valuesOf = (operator: Operator, text: string): string[] => {
  if (operator !== 'in') return [text]
  if (!text.startsWith('[') || !text.endsWith(']')) throw refused(400008, `Invalid filter value '${text}'`)
  return text.slice(1, -1).split(',')
}

const testOf = <Row>(fields: Fields<Row>, lookup: Lookup, expression: string): Test<Row> => {
  const [, name = '', operator = '', text = ''] = /^([^:]*):([^:]*):([\s\S]*)$/.exec(expression) ?? []
  const field = Object.hasOwn(fields, name) ? fields[name] : undefined
  if (field === undefined || !isOperator(operator) || !field.operators.includes(operator)) {
    throw refused(400008, `Invalid filter expression '${expression}'`)
  }
  const wanted = valuesOf(operator, text).map((value) => expected(field.type, value))
  const compare = operator === 'in' ? compares.eq : compares[operator]
  return (row) => keysOf(field, row, lookup).some((key) => wanted.some((value) => compare(key, value)))
}

const splitOutsideBrackets = (text: string): string[] => text.split(/,(?![^[]*\])/)

/**
 * The rows that pass a `filter` parameter, `field:operator:value` joined by commas, all of which must hold.
 * Refuses an unknown field, an operator the field does not take, or an unreadable value with 400008.
 */
export const filterRows = <Row>(
  rows: readonly Row[],
  filter: string | null,
  fields: Fields<Row>,
  lookup: Lookup,
): readonly Row[] => {
  if (filter === null || filter === '') return rows
  const tests = splitOutsideBrackets(filter).map((expression) => testOf(fields, lookup, expression))
  return rows.filter((row) => tests.every((test) => test(row)))
}

type Order = { keys: readonly (Key | undefined)[]; sign: 1 | -1 }

const sortKey = (value: Key | boolean | readonly string[] | undefined): Key | undefined => {
  if (value === undefined || value === '') return undefined
  return typeof value === 'object' ? value[0] : typeof value === 'boolean' ? String(value) : value
}

/** Instants are all written alike in UTC, so that they sort as text. */
const orderOf = <Row>(
  rows: readonly Row[],
  fields: Fields<Row>,
  lookup: Lookup,
  expression: string,
): Order => {
  const [name = '', direction = 'asc'] = expression.split(':')
  const field = Object.hasOwn(fields, name) ? fields[name] : undefined
  if (field === undefined || !/^(asc|desc)$/.test(direction)) {
    throw refused(400008, `Invalid sort expression '${expression}'`)
  }
  return { keys: rows.map((row) => sortKey(field.value(row, lookup))), sign: direction === 'asc' ? 1 : -1 }
}

const compareAt = ({ keys, sign }: Order, left: number, right: number): number => {
  const [a, b] = [keys[left], keys[right]]
  if (a === b) return 0
  if (a === undefined || b === undefined) return a === undefined ? sign : -sign
  return a < b ? -sign : sign
}

/**
 * Rows in the order of a `sort` parameter, `field:asc|desc` joined by commas; equal rows keep their order, and
 * rows without the value come last, or first when descending. Refuses an unknown field or direction with 400008.
 */
export const sortRows = <Row>(
  rows: readonly Row[],
  sort: string | null,
  fields: Fields<Row>,
  lookup: Lookup,
): readonly Row[] => {
  if (sort === null || sort === '') return rows
  const orders = sort.split(',').map((expression) => orderOf(rows, fields, lookup, expression))
  const positions = rows
    .map((_, i) => i)
    .sort((left, right) => {
      for (const order of orders) {
        const result = compareAt(order, left, right)
        if (result !== 0) return result
      }
      return left - right
    })
  return positions.flatMap((position) => rows[position] ?? [])
}
