import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { type SampleWarehouse, sampleWarehouse } from './sample.ts'
import { almanac, twoLines } from './terminal.ts'

let sample: SampleWarehouse
beforeAll(async () => {
  sample = await sampleWarehouse(['2026-11-01'], 'users')
})
afterAll(() => sample.remove())
afterEach(() => vi.unstubAllEnvs())

describe('SQL', () => {
  test.each<[string, string, RegExp]>([
    ['that is none', 'SELEKT 1', /bad-sql: .*SELEKT/],
    ['of a table that is not there', 'SELECT * FROM userz', /bad-sql: .*userz does not exist/],
    ['of a column that is not there', 'SELECT nope FROM users', /bad-sql: .*nope/],
    ['of two statements', 'SELECT 1; SELECT 2', /bad-sql: one statement is expected, and there are 2/],
    ['that is empty', ' ', /bad-sql: /],
    ['that fails on the way', "SELECT CAST('x' AS INTEGER)", /bad-sql: .*Could not convert/],
    ['that writes a table', 'CREATE TABLE x AS SELECT 1', /sql-not-read-only: /],
    [
      'that writes over the warehouse',
      `COPY (SELECT 1) TO '{root}/current/entity=users/site=demo/data.parquet'`,
      /sql-not-read-only: /,
    ],
    [
      'that runs what it explains',
      `EXPLAIN ANALYZE COPY (SELECT 1) TO '{root}/x.csv'`,
      /sql-not-read-only: /,
    ],
    ['that attaches a file', `ATTACH '{root}/x.db'`, /sql-not-read-only: /],
    ['that unlocks the engine', 'SET enable_external_access = true', /sql-not-read-only: /],
    ['that reads another file', "SELECT * FROM read_csv('/etc/passwd')", /sql-not-read-only: |bad-sql: /],
  ])('%s is refused with 2, and the warehouse stays as it is', async (_, sql, message) => {
    const path = join(sample.root, 'current/entity=users/site=demo/data.parquet')
    const before = await readFile(path)
    const { exit, out, err } = await almanac([
      'query',
      sql.replaceAll('{root}', sample.root),
      '--warehouse',
      sample.root,
    ])
    expect(err).toMatch(twoLines(message))
    expect([exit, out]).toEqual([2, ''])
    expect(await readFile(path)).toEqual(before)
    expect((await readdir(sample.root)).filter((name) => name.startsWith('x.'))).toEqual([])
  })

  test('for which there is no temporary folder is not to blame', async () => {
    vi.stubEnv('TMPDIR', join(sample.root, 'no-such-folder'))
    const { exit, err } = await almanac(['query', 'SELECT 1', '--warehouse', sample.root])
    expect([exit, err]).toEqual([1, expect.stringMatching(twoLines(/store-failed: .*no-such-folder/))])
    expect(err).toContain('TMPDIR')
  })

  test('of a table that is not there names those there are', async () => {
    const { err } = await almanac(['query', 'SELECT * FROM userz', '--warehouse', sample.root])
    expect(err).toMatch(/\nnext: There are: .*users, users_history,.*run_entities/)
  })
})
