import type { Cell, Row } from '../../lib/core/column.ts'
import { integer, listOf, text } from '../../lib/core/column.ts'
import { children, type Entity, entity, list } from '../../lib/core/entity.ts'
import { keys } from '../../lib/core/keys.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import type { EngineRow } from '../../lib/engine/database.ts'
import type { Engine } from '../../lib/transform/engine.ts'

const facts = {
  doc: 'A toy.',
  kind: 'state',
  role: 'SiteAdministratorExplorer',
  belowRole: 'narrowed',
  scope: 'tableau:content:read',
  help: 'https://help.tableau.com/',
} as const

// The registry widens declarations in the same way: an entity's own row type matters only to its own declaration.
const widened = (declared: unknown): Entity => declared as Entity

/** A state entity with one tracked column of each kind that compares differently, and a volatile one. */
export const THINGS: Entity = widened(
  entity({
    ...facts,
    name: 'things',
    read: list('things', { item: 'thing', since: '2.0' }),
    key: ['id'],
    columns: {
      id: text('@id', 'Id').required(),
      name: text('@name', 'Name'),
      size: integer('@size', 'Size'),
      tags: listOf('tags/tag/@label', 'Tags'),
      views: integer('@views', 'Views').volatile(),
    },
  }),
)

/** A per-parent entity. */
export const LINKS: Entity = widened(
  entity({
    ...facts,
    name: 'links',
    read: children(
      list('boxes', { item: 'box', since: '2.0' }),
      'box_id',
      list('boxes/{parent}/links', { list: 'links', item: 'link', since: '2.0' }),
    ),
    key: ['box_id', 'thing_id'],
    columns: {
      box_id: text('{parent}', 'Box').required(),
      thing_id: text('@id', 'Thing').required(),
      role: text('@role', 'Role'),
    },
  }),
)

/** Where the toys' objects are. */
export const placeOf = (of: Entity) => ({ entity: of.name, site: 'test' })

/** A cell as text that can be compared and printed. */
export const shown = (value: unknown): unknown => {
  if (typeof value === 'bigint') return Number(value)
  if (value instanceof Date) return value.toISOString().slice(0, value.getTime() % 86_400_000 === 0 ? 10 : 23)
  return Array.isArray(value) ? value.map(shown) : value
}

/** The rows of a published Parquet, in file order; undefined when nothing was published. */
export async function publishedRows(
  store: ObjectStore,
  engine: Engine,
  key: string,
): Promise<readonly EngineRow[] | undefined> {
  const object = await store.read(key)
  if (object === undefined) return undefined
  const session = await engine.session()
  try {
    const file = await session.stage(object.bytes)
    return await session.rows(`SELECT * FROM read_parquet('${file}')`)
  } finally {
    await session.close()
  }
}

const shownRow = (row: Row | EngineRow): Record<string, unknown> =>
  Object.fromEntries(Object.entries(row).map(([name, value]) => [name, shown(value as Cell)]))

/** Rows as plain values that compare and print well. */
export const shownRows = (
  rows: readonly (Row | EngineRow)[] | undefined,
): readonly Record<string, unknown>[] => (rows ?? []).map(shownRow)

/** The history of an entity, in file order. */
export const historyOf = async (
  store: ObjectStore,
  engine: Engine,
  of: Entity,
): Promise<readonly Record<string, unknown>[]> =>
  shownRows(await publishedRows(store, engine, keys.history(placeOf(of))))

const DERIVED = ['snapshot/', 'coverage/', 'current/', 'history/', 'event/']

/** Removes everything that can be derived again, of one entity or of all. */
export async function forgetDerived(store: ObjectStore, of?: Entity): Promise<void> {
  const below = of === undefined ? '' : `entity=${of.name}/`
  for (const area of DERIVED)
    for (const { key } of await store.list(`${area}${below}`)) await store.remove(key)
}

/** Everything published below the derived areas, as rows by key. */
export async function derivedWorld(
  store: ObjectStore,
  engine: Engine,
): Promise<Readonly<Record<string, readonly Record<string, unknown>[]>>> {
  const world: Record<string, readonly Record<string, unknown>[]> = {}
  for (const area of DERIVED)
    for (const { key } of await store.list(area))
      world[key] = shownRows(await publishedRows(store, engine, key))
  return world
}

/** Where two stores publish different rows, or different keys. Objects of the same bytes are not opened. */
export async function derivedDifferences(
  store: ObjectStore,
  other: ObjectStore,
  engine: Engine,
): Promise<readonly unknown[]> {
  const differences: unknown[] = []
  for (const area of DERIVED) {
    const listed = [...(await store.list(area)), ...(await other.list(area))]
    for (const key of new Set(listed.map((info) => info.key))) {
      const [a, b] = [await store.read(key), await other.read(key)]
      if (a?.sha256 === b?.sha256) continue
      const [mine, theirs] = [
        await publishedRows(store, engine, key),
        await publishedRows(other, engine, key),
      ]
      const rows = [mine, theirs].map((each) => (each === undefined ? undefined : shownRows(each)))
      if (JSON.stringify(rows[0]) !== JSON.stringify(rows[1]))
        differences.push({ key, mine: rows[0], theirs: rows[1] })
    }
  }
  return differences
}
