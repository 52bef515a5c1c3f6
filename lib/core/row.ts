import { blankOf } from './blank.ts'
import { cast, isNotOf } from './cast.ts'
import type { Cell, Column, Row } from './column.ts'
import type { Entity } from './entity.ts'
import { AlmanacError } from './errors.ts'
import type { RawItem } from './item.ts'
import { redacted } from './redact.ts'

/** How often each path was seen that no column and no `drop` names: Tableau's schema has grown. */
export type Drift = Map<string, number>

/** Elements that stand for a person: unknown attributes there are counted by name and never kept. */
const PERSON = new Set([
  'owner',
  'user',
  'users',
  'publisher',
  'creator',
  'certifier',
  'contact',
  'recipient',
  'deleter',
  'grantee',
])

type Raw = string | readonly string[] | undefined

/** A value for a message. A server may repeat our own token in any of them; digits alone, as of a day, are none. */
const shown = (raw: string): string => (/^[\d:.TZ+ -]{0,40}$/.test(raw) ? raw : redacted(raw))

function complaint(entity: Entity, column: string, item: RawItem, what: string): AlmanacError {
  const id = item['@id']
  const where = typeof id === 'string' && id !== '' ? ` of ${shown(id)}` : ''
  return new AlmanacError('bad-row', `${entity.name}.${column}${where}: ${what}`)
}

/** Sorted, since Tableau answers tags in any order; null when the element around them was absent. */
function listCell(item: RawItem, path: string): Cell {
  const raw: Raw = item[path]
  if (raw === undefined) return item[path.slice(0, path.indexOf('/'))] === undefined ? null : []
  const values = typeof raw === 'string' ? [raw] : raw
  return values.map((value) => value.toWellFormed()).sort()
}

type Reader = (item: RawItem, parent: string | undefined, leftovers: Map<string, Raw>) => Cell

function columnReader(entity: Entity, name: string, column: Column, from: string): Reader {
  const { type, isRequired } = column
  const absent = (item: RawItem): Cell => {
    if (isRequired) throw complaint(entity, name, item, `required, and Tableau did not send ${from}`)
    return null
  }
  if (type === 'list') return (item) => listCell(item, from)
  // An empty text is a text (the default site's content URL), but no key and no value of any other type.
  const isEmptyAbsent = isRequired && (type !== 'text' || entity.key.includes(name))
  return (item, parent, leftovers) => {
    const raw: Raw = from === '{parent}' ? parent : item[from]
    if (raw === undefined || (raw === '' && isEmptyAbsent)) return absent(item)
    if (typeof raw !== 'string') throw complaint(entity, name, item, `${from} occurs ${raw.length} times`)
    const value = cast(type, raw)
    if (!isNotOf(value)) return value
    // A date that is none (2016-06-31 was seen) must not cost the row: it is kept as it was sent, and counted.
    if ((type === 'timestamp' || type === 'date') && !isRequired) {
      leftovers.set(from, raw)
      return null
    }
    throw complaint(entity, name, item, `"${shown(raw)}" is no ${type}`)
  }
}

/** Everything the declaration knows of: column sources, what is dropped, and the elements on the way to them. */
function knownPaths(entity: Entity): ReadonlySet<string> {
  const known = new Set<string>()
  const sources = Object.values(entity.columns).flatMap((column) => column.from ?? [])
  for (const path of [...sources, ...entity.drop]) {
    known.add(path)
    const steps = path.split('/')
    for (let i = 1; i < steps.length; i++) known.add(steps.slice(0, i).join('/'))
  }
  return known
}

const sorted = (entries: ReadonlyMap<string, Raw>): string | null =>
  entries.size === 0
    ? null
    : JSON.stringify(Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)))).toWellFormed()

/** Whether a path may hold a person's name although this entity is not the one that keeps people. */
function personTest(entity: Entity): (path: string) => boolean {
  if (Object.values(entity.columns).some((column) => column.isPersonal)) return () => false
  if (PERSON.has(entity.read.item)) return () => true
  return (path) =>
    path
      .split('/')
      .slice(0, -1)
      .some((step) => PERSON.has(step))
}

/** The columns that are read from items, each with its reader; computed ones are filled later. */
const readersOf = (entity: Entity): readonly (readonly [string, Reader])[] =>
  Object.entries(entity.columns).flatMap(([name, column]) =>
    column.from === undefined ? [] : [[name, columnReader(entity, name, column, column.from)] as const],
  )

/**
 * The function that turns an entity's items into rows. Unknown paths go to `raw_extra` and are counted in `drift`.
 * Throws `bad-row` when a required value is absent or a value is not of its column's type.
 */
export function rowReader(entity: Entity, drift: Drift): (item: RawItem, parent?: string) => Row {
  const readers = readersOf(entity)
  const blank = blankOf<Cell>(Object.keys(entity.columns), null)
  const known = knownPaths(entity)
  const isPersonal = personTest(entity)
  const extraOf = (leftovers: Map<string, Raw>): string | null => {
    for (const path of leftovers.keys()) {
      drift.set(path, (drift.get(path) ?? 0) + 1)
      if (isPersonal(path)) leftovers.delete(path)
    }
    return sorted(leftovers)
  }
  return (item, parent) => {
    const row = { ...blank }
    const leftovers = new Map<string, Raw>()
    for (const [name, read] of readers) row[name] = read(item, parent, leftovers)
    for (const path in item) {
      if (item[path] !== undefined && !known.has(path)) leftovers.set(path, item[path])
    }
    if (leftovers.size > 0) row['raw_extra'] = extraOf(leftovers)
    return row
  }
}

/** A row's key as one text, unambiguous for any values. */
export const keyOf = (entity: Entity, row: Row): string =>
  entity.key.length === 1
    ? String(row[entity.key[0] ?? ''])
    : JSON.stringify(entity.key.map((name) => row[name]))
