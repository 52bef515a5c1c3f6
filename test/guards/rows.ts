import type { Cell, Row } from '../../lib/core/column.ts'
import type { Day } from '../../lib/core/day.ts'
import type { Entity } from '../../lib/core/entity.ts'
import { keys } from '../../lib/core/keys.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import { sha256 } from '../../lib/core/sha256.ts'
import { PARENT_VERDICT, type ParentVerdict, shapeOf } from '../../lib/core/shape.ts'
import type { Engine } from '../../lib/transform/engine.ts'
import { type LandingFacts, land } from '../load/land.ts'
import { publishedRows, shownRows } from '../load/toy.ts'

/** The site under which tests land. */
export const SITE = 'test'

/** The whole numbers from `from` up to and without `to`. */
export const numbers = (from: number, to: number): readonly number[] =>
  Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i)

/** How many parents the rows of a per-parent entity have, unless a test says otherwise. */
const PARENTS = 20

/** The name of a parent. */
export const parentName = (number: number): string => `parent-${String(number).padStart(3, '0')}`

/** The parent that a row of this number has. */
export const parentOf = (index: number, parents = PARENTS): string => parentName(index % parents)

const VALUE: Readonly<Record<string, (column: string, index: number) => Cell>> = {
  text: (column, index) => `${column} ${index}`,
  integer: (_, index) => BigInt(index),
  double: (_, index) => index + 0.5,
  boolean: (_, index) => index % 2 === 0,
  timestamp: (_, index) => 1_790_000_000_000_000n + BigInt(index) * 1_000_000n,
  date: (_, index) => 20_000 + (index % 100),
  list: (column, index) => [`${column} ${index}`],
}

/**
 * A row of an entity with a value in every column but `raw_extra`, made from the declaration alone: a new entity needs no
 * line here. Rows of the same number are equal. Columns that `isEmpty` names are null.
 */
export function rowOf(entity: Entity, index: number, isEmpty = (_: string): boolean => false): Row {
  const { columns, parent } = shapeOf(entity)
  const cells = columns.map(({ name, type }): [string, Cell] => {
    if (name === parent) return [name, parentOf(index)]
    if (name === 'raw_extra' || isEmpty(name)) return [name, null]
    return [name, VALUE[type]?.(name, index) ?? null]
  })
  return { ...Object.fromEntries(cells), ...(parent === undefined ? {} : { [PARENT_VERDICT]: null }) }
}

/** The row of a candidate that says what became of a parent. */
export function parentRow(entity: Entity, parent: string, verdict: ParentVerdict): Row {
  const { columns, parent: column } = shapeOf(entity)
  const cells = columns.map(({ name }): [string, Cell] => [name, name === column ? parent : null])
  return { ...Object.fromEntries(cells), [PARENT_VERDICT]: verdict }
}

const ALL_READ: ReadonlyMap<string, ParentVerdict> = new Map(
  numbers(0, PARENTS).map((each) => [parentName(each), 'read']),
)

/** Lands rows as a complete reading; of a per-parent entity with its parents, all of them read unless said otherwise. */
export async function landRows(
  store: ObjectStore,
  entity: Entity,
  dt: Day,
  rows: readonly Row[],
  facts: LandingFacts = {},
  parents: ReadonlyMap<string, ParentVerdict> = ALL_READ,
): Promise<void> {
  const isPerParent = entity.read.shape === 'children'
  const above = isPerParent ? [...parents].map(([name, verdict]) => parentRow(entity, name, verdict)) : []
  await land(store, entity, dt, [...above, ...rows], { ...facts, facts: rows.length })
}

/** Lands the rows of these numbers as a complete reading. */
export const landNumbers = (
  store: ObjectStore,
  entity: Entity,
  dt: Day,
  indexes: readonly number[],
  facts: LandingFacts = {},
): Promise<void> =>
  landRows(
    store,
    entity,
    dt,
    indexes.map((index) => rowOf(entity, index)),
    facts,
  )

const DERIVED = ['snapshot', 'coverage', 'current', 'history', 'event'] as const

/** Everything published of an entity, and every commit: keys with the SHA-256 of their bytes. Equal means that nothing changed. */
export async function publishedOf(
  store: ObjectStore,
  { name }: Entity,
): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {}
  for (const area of [...DERIVED, 'manifest', 'observation'])
    for (const { key } of await store.list(`${area}/entity=${name}/`))
      found[key] = sha256((await store.read(key))?.bytes ?? new Uint8Array())
  return found
}

/** The days on which rows of an entity's history end, one for each row that has an end. */
export async function endsOf(
  store: ObjectStore,
  engine: Engine,
  { name }: Entity,
  site = SITE,
): Promise<readonly string[]> {
  const rows = shownRows(await publishedRows(store, engine, keys.history({ entity: name, site })))
  return rows.flatMap(({ valid_to: end }) => (end === null ? [] : [String(end)]))
}

/** How many rows of an entity's history have an end. */
export const closedRows = async (
  store: ObjectStore,
  engine: Engine,
  entity: Entity,
  site = SITE,
): Promise<number> => (await endsOf(store, engine, entity, site)).length

/** How many rows the table of the present shows. */
export const currentRows = async (
  store: ObjectStore,
  engine: Engine,
  { name }: Entity,
  site = SITE,
): Promise<number> => (await publishedRows(store, engine, keys.current({ entity: name, site })))?.length ?? 0

/** The days that are committed of an entity, in order. */
export const committedOf = async (
  store: ObjectStore,
  { name }: Entity,
  site = SITE,
): Promise<readonly Day[]> => [
  ...new Set(
    (await store.list(keys.manifests({ entity: name, site }))).map(
      ({ key }) => /dt=([\d-]+)/.exec(key)?.[1] ?? '',
    ),
  ),
]

/** The SHA-256 of the bytes of a day's candidates, as they lie in the store. */
export async function candidatesOn(
  store: ObjectStore,
  { name }: Entity,
  dt: Day,
): Promise<readonly string[]> {
  const found: string[] = []
  for (const { key } of await store.list(`${keys.candidates({ entity: name, site: SITE })}dt=${dt}/`))
    if (key.endsWith('.parquet')) found.push(sha256((await store.read(key))?.bytes ?? new Uint8Array()))
  return found
}
