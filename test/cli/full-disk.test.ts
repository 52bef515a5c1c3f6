import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Simulator } from '../../lib/simulator/server.ts'
import { run } from '../package/run.ts'
import { almanac, environmentOf, smallSite, temporaryFolder } from './terminal.ts'

const DAYS = ['2026-11-01', '2026-11-02'] as const
const SELECT = ['--select', 'users,groups,workbooks']

let sim: Simulator
let folder: Awaited<ReturnType<typeof temporaryFolder>>
beforeAll(async () => {
  folder = await temporaryFolder()
  sim = await smallSite(DAYS[0])
})
afterAll(async () => {
  await sim.close()
  await folder.remove()
})

async function countIn(file: string, table: string): Promise<number> {
  const instance = await DuckDBInstance.create(file, { access_mode: 'READ_ONLY' })
  const connection = await instance.connect()
  try {
    return Number((await connection.runAndReadAll(`SELECT count(*) FROM ${table}`)).getRows()[0]?.[0])
  } finally {
    connection.disconnectSync()
    instance.closeSync()
  }
}

/** A command that may make files of so many blocks of 512 bytes: the kernel cuts what is longer, as a full disk does. */
const within = (blocks: number, args: readonly string[]) =>
  run(
    'sh',
    [
      ...['-c', `trap '' XFSZ; ulimit -f ${blocks}; exec "$@"`, 'sh'],
      ...[process.execPath, 'dist/almanac.js', ...args],
    ],
    { cwd: '.', env: environmentOf(sim) },
  )

/** With blocks of a few, the tables in the staging folder are the first that do not fit; with one, the objects are. */
test.each([1, 4, 16])(
  'files that end after %i blocks: the night says so, nothing is half there, and the next night is whole',
  async (blocks) => {
    const root = join(folder.path, String(blocks))
    const night = ['nightly', '--warehouse', root, ...SELECT, '--output', 'json', '--date']
    sim.setDay(DAYS[0])
    expect((await almanac([...night, DAYS[0]], environmentOf(sim))).exit).toBe(0)
    sim.setDay(DAYS[1])
    const { exit, err } = await within(blocks, ['nightly', '--warehouse', root, '--date', DAYS[1], ...SELECT])
    expect([exit, err]).toEqual([1, expect.stringMatching(/^error store-failed: .*too large/m)])
    expect(err).toContain('free space')
    expect((await almanac(['verify', '--warehouse', root, ...SELECT])).exit).toBe(0)
    const again = await almanac([...night, DAYS[1]], environmentOf(sim))
    expect([again.exit, JSON.parse(again.out).failure]).toEqual([0, null])
    expect(again.err).not.toContain('"event":"waiting"')
    expect((await almanac(['verify', '--warehouse', root, ...SELECT])).exit).toBe(0)
  },
)

/** With blocks of a few, the file cannot be made; with more, some of its views are written, or all and not the last page. */
test.each([4, 64, 1024])(
  'a database file that ends after %i blocks is told, and whole when it is exported again',
  async (blocks) => {
    const root = join(folder.path, 'exported')
    const file = join(folder.path, `${blocks}.duckdb`)
    sim.setDay(DAYS[0])
    const night = ['nightly', '--warehouse', root, '--date', DAYS[0], ...SELECT]
    expect((await almanac(night, environmentOf(sim))).exit).toBe(0)
    const exported = ['query', '--duckdb', file, '--warehouse', root]
    const { exit, err } = await within(blocks, exported)
    expect([exit, err]).toEqual([1, expect.stringMatching(/^error store-failed: .*\.duckdb.*too large/m)])
    expect((await almanac(exported)).exit).toBe(0)
    expect(await countIn(file, 'users')).toBeGreaterThan(0)
  },
)
