import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { diskStore } from '../../lib/adapters/local/store.ts'
import { candidateColumns, shapeOf } from '../../lib/core/shape.ts'
import { ENTITIES, entityNamed, VIEWS } from '../../lib/entities/index.ts'
import { load } from '../../lib/load/load.ts'
import { relationsOf } from '../../lib/tables/relation.ts'
import { openEngine } from '../../lib/transform/engine.ts'
import { ask } from '../docs/nights.ts'
import { loadSmallSites } from '../docs/small-sites.ts'
import { land } from '../load/land.ts'

/** Folders that read like partitions, of columns of the path, of the files and of no table. */
const FOLDERS = [
  'site=evil',
  'dt=2020-01-01',
  'entity=users',
  'name=prod',
  'owner_id=7',
  'valid_to=2020-01-01',
  'env=prod',
]
const SITE_NULL = 'null'

const RELATIONS = relationsOf(ENTITIES, VIEWS)
const TABLES = RELATIONS.filter(({ kind }) => kind === 'view').map(({ name }) => name)

/** Loads the small sites and a site called `null` into a folder, with the temporary files of the engine below another. */
async function loadInto(root: string, temporary: string): Promise<void> {
  const before = process.env['TMPDIR']
  process.env['TMPDIR'] = temporary
  try {
    const engine = await openEngine()
    await loadSmallSites(root, engine)
    const [store, users] = [diskStore(root), entityNamed('users')]
    const blank = Object.fromEntries(candidateColumns(shapeOf(users)).map(({ name }) => [name, null]))
    const rows = [{ ...blank, id: 'nil', name: 'nil', site_role: 'Viewer' }]
    await land(store, users, '2026-11-01', rows, { site: SITE_NULL })
    await load(store, engine, users, SITE_NULL, 'load')
    await engine.close()
  } finally {
    if (before === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = before
  }
}

let folder: string
let [plain, strange] = ['', '']
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'almanac-paths-'))
  plain = join(folder, 'warehouse')
  strange = join(folder, ...FOLDERS, 'warehouse')
  await mkdir(join(folder, ...FOLDERS), { recursive: true })
  await loadInto(plain, folder)
  await loadInto(strange, join(folder, ...FOLDERS))
}, 120_000)
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('below folders that read like partitions', () => {
  test.each(TABLES)('%s is what it is elsewhere', async (table) => {
    const sql = `SELECT * FROM ${table} ORDER BY ALL`
    expect(await ask(strange, RELATIONS, sql)).toEqual(await ask(plain, RELATIONS, sql))
  })
})

test('a site may be called null', async () => {
  for (const table of ['users', 'users_history', 'users_snapshots']) {
    const { rows } = await ask(plain, RELATIONS, `SELECT DISTINCT site FROM ${table} ORDER BY site`)
    expect(rows).toEqual([['lag'], ['main'], [SITE_NULL], ['quiet']])
  }
})
