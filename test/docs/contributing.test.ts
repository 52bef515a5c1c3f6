import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeRelations } from '../../bin/docs/describe.ts'
import { dictionaryPages } from '../../bin/docs/dictionary.ts'
import { diskStore } from '../../lib/adapters/local/store.ts'
import type { Row } from '../../lib/core/column.ts'
import type { Entity } from '../../lib/core/entity.ts'
import { keyOf, rowReader } from '../../lib/core/row.ts'
import { load } from '../../lib/load/load.ts'
import { parsePage } from '../../lib/tableau/answer.ts'
import { relationsOf } from '../../lib/tables/relation.ts'
import { type Engine, openEngine } from '../../lib/transform/engine.ts'
import { land } from '../load/land.ts'
import { ask } from './nights.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const guide = await readFile(join(ROOT, 'CONTRIBUTING.md'), 'utf8')
const block = (language: string): string =>
  new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(guide)?.[1] ?? ''

let folder: string
let engine: Engine
let declared: Entity
let rows: readonly Row[]

/** The declaration as a module. Its imports are relative to lib/entities, where it would lie. */
async function declare(): Promise<Entity> {
  const file = join(folder, 'subscriptions.ts')
  await writeFile(file, block('ts').replaceAll("from '../", `from '${ROOT}/lib/`))
  const loaded: unknown = await import(/* @vite-ignore */ file)
  if (typeof loaded !== 'object' || loaded === null || !('subscriptions' in loaded))
    throw new Error('CONTRIBUTING.md declares no subscriptions')
  return loaded.subscriptions as Entity
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'almanac-contributing-'))
  engine = await openEngine()
  declared = await declare()
})
afterAll(async () => {
  await engine.close()
  await rm(folder, { recursive: true, force: true })
})

describe('the recipe of CONTRIBUTING.md', () => {
  test('the fixture parses to rows, every column filled, nothing unknown', () => {
    const { list, item } = { list: 'subscriptions', ...declared.read }
    const { items, pagination } = parsePage(block('xml'), { list, item })
    const drift = new Map<string, number>()
    const read = rowReader(declared, drift)
    rows = items.map((item) => read(item))
    expect(rows).toHaveLength(pagination?.totalAvailable ?? -1)
    expect(new Set(rows.map((row) => keyOf(declared, row))).size).toBe(rows.length)
    expect([...drift]).toEqual([])
    for (const column of Object.keys(declared.columns).filter((name) => name !== 'raw_extra'))
      expect(
        rows.some((row) => row[column] !== null),
        column,
      ).toBe(true)
  })

  test('its page is written without another word', async () => {
    const relations = await describeRelations(relationsOf([declared], []))
    const others = await describeRelations(relationsOf([], []))
    expect(relations.map(({ relation }) => relation.name)).toEqual([
      'subscriptions',
      'subscriptions_history',
      'subscriptions_snapshots',
      'subscriptions_changes',
      'subscriptions_at',
      ...others.map(({ relation }) => relation.name),
    ])
    const coverage = { entity: 'x', parent_id: 'x', verdict: 'x', observed_on: 'x' }
    const pages = dictionaryPages({ entities: [declared], views: [], relations }, coverage)
    const page = pages.find(({ path }) => path === 'docs/tables/subscriptions.md')
    expect(page?.text).toContain(
      '| `user_id` | VARCHAR | LUID of whoever receives it | required | `user/@id` |',
    )
  })

  test('it lands, loads, and answers SQL, history too', async () => {
    const store = diskStore(join(folder, 'warehouse'))
    const [first, ...others] = rows
    await land(store, declared, '2026-11-01', rows)
    await load(store, engine, declared, 'test', 'one')
    await land(store, declared, '2026-11-02', [{ ...first, subject: 'Sales, on Tuesdays' }, ...others])
    await load(store, engine, declared, 'test', 'two')
    const relations = relationsOf([declared], [])
    const sql = (text: string) => ask(join(folder, 'warehouse'), relations, text)
    const current = await sql('SELECT subject, attach_image FROM subscriptions ORDER BY attach_image')
    expect(current.rows).toEqual([
      ['Stock & returns', false],
      ['Sales, on Tuesdays', true],
    ])
    const changes = await sql(
      `SELECT "column", old_value, new_value FROM subscriptions_changes WHERE kind = 'changed'`,
    )
    expect(changes.rows).toEqual([['subject', 'Sales, every Monday', 'Sales, on Tuesdays']])
    const before = await sql(
      "SELECT subject FROM subscriptions_at(DATE '2026-11-01') WHERE content_type = 'View'",
    )
    expect(before.rows).toEqual([['Sales, every Monday']])
  })
})
