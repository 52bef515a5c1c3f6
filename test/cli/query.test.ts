import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ENTITIES, VIEWS } from '../../lib/entities/index.ts'
import { relationsOf } from '../../lib/tables/relation.ts'
import { type SampleWarehouse, sampleWarehouse } from './sample.ts'
import { almanacProcess, linesOf, type Outcome } from './terminal.ts'

const DAYS = ['2026-11-01', '2026-11-02'] as const
const [FIRST, LAST] = DAYS

let sample: SampleWarehouse
beforeAll(async () => {
  sample = await sampleWarehouse(DAYS, 'users,workbooks')
})
afterAll(() => sample.remove())

const ask = (...args: string[]): Promise<Outcome> => sample.ask(...args)
const rows = (sql: string, ...more: string[]): Promise<Record<string, unknown>[]> => sample.rows(sql, ...more)

describe('query', () => {
  test('asks every site, or the one of --site', async () => {
    expect(await rows('SELECT site, count(*) AS n FROM users GROUP BY site ORDER BY site')).toEqual([
      { site: 'demo', n: sample.sim.world(LAST).users.length },
      { site: 'other-site', n: sample.other.world(FIRST).users.length },
    ])
    expect(await rows('SELECT DISTINCT site FROM users', '--site', 'other-site')).toEqual([
      { site: 'other-site' },
    ])
  })

  test('knows every past day', async () => {
    for (const day of DAYS) {
      const [answer] = await rows(`SELECT count(*) AS n FROM workbooks_at(DATE '${day}') WHERE site = 'demo'`)
      expect(answer).toEqual({ n: sample.sim.world(day).workbooks.length })
    }
  })

  test('as CSV has a header and rows and nothing else, every value exact', async () => {
    const { exit, out, err } = await ask(
      'query',
      `SELECT 9223372036854775807 AS big, 9007199254740993 AS odd, TIMESTAMP '2026-11-01 10:20:30.000001' AS at,
        TIMESTAMP '1969-12-31 23:59:59.5' AS before, DATE '2026-11-01' AS day, ['a,b', 'say "x"'] AS list, '' AS empty,
        NULL AS nothing, 'a,b' AS comma, 'say "x"' AS quote, E'two\\nlines' AS lines, true AS yes, 1.50 AS decimal,
        170141183460469231731687303715884105727::HUGEINT AS huge, 'ü🎉' AS text`,
      '--output',
      'csv',
    )
    expect([exit, err]).toEqual([0, ''])
    expect(out).toBe(
      'big,odd,at,before,day,list,empty,nothing,comma,quote,lines,yes,decimal,huge,text\n' +
        '9223372036854775807,9007199254740993,2026-11-01 10:20:30.000001,1969-12-31 23:59:59.500000,2026-11-01,' +
        '"[""a,b"",""say \\""x\\""""]","",,"a,b","say ""x""","two\nlines",true,1.50,170141183460469231731687303715884105727,ü🎉\n',
    )
  })

  test('as CSV gives back what it was given: the engine reads the same rows from it', async () => {
    const { out } = await ask('query', 'SELECT * FROM workbooks ORDER BY site, id', '--output', 'csv')
    const file = join(sample.folder, 'workbooks.csv')
    await writeFile(file, out)
    const connection = await (await DuckDBInstance.create(':memory:')).connect()
    const direct = `(SELECT * FROM read_parquet('${sample.root.replace('[', '[[]')}/current/entity=workbooks/site=*/data.parquet', hive_partitioning = true))`
    const cells = `site, id, name, description, size_mb, show_tabs, created_at, updated_at`
    const csv = `(SELECT site, id, name, description, size_mb::BIGINT, show_tabs::BOOLEAN, created_at::TIMESTAMP, updated_at::TIMESTAMP
      FROM read_csv('${file}', all_varchar = true, header = true, quote = '"', escape = '"', nullstr = '', allow_quoted_nulls = false))`
    const difference = `SELECT count(*) AS n FROM ((SELECT ${cells} FROM ${direct} EXCEPT ALL SELECT * FROM ${csv}) UNION ALL (SELECT * FROM ${csv} EXCEPT ALL SELECT ${cells} FROM ${direct}))`
    expect((await connection.runAndReadAll(difference)).getRowsJson()).toEqual([['0']])
    expect((await connection.runAndReadAll(`SELECT count(*) > 50 FROM ${csv}`)).getRowsJson()).toEqual([
      [true],
    ])
  })

  test('as JSON has numbers where they are exact, else texts; instants in ISO 8601', async () => {
    const sql = `SELECT 9007199254740991 AS safe, 9007199254740993 AS odd, TIMESTAMP '2026-11-01 10:20:30.000001' AS at,
      TIMESTAMP '2026-11-01 10:20:30' AS even, 1.50 AS decimal, 'NaN'::DOUBLE AS nan, ['a'] AS list, {'a': 1} AS struct, NULL AS nothing`
    expect(await rows(sql)).toEqual([
      {
        safe: 9007199254740991,
        odd: '9007199254740993',
        at: '2026-11-01T10:20:30.000001Z',
        even: '2026-11-01T10:20:30Z',
        decimal: 1.5,
        nan: 'NaN',
        list: ['a'],
        struct: { a: 1 },
        nothing: null,
      },
    ])
    expect((await ask('query', 'SELECT 1 AS x WHERE false', '--output', 'json')).out).toBe('[]\n')
  })

  test('as a table shows names that hold controls without doing what they say', async () => {
    const { out } = await ask('query', String.raw`SELECT E'red\x1b[31m\ttab' AS name, 7 AS n`)
    expect(linesOf(out)).toEqual([
      'name                n',
      '──────────────────  ─',
      'red\\u001b[31m\\ttab  7',
    ])
  })

  test('ends quietly when the reader has enough', async () => {
    const call = almanacProcess([
      'query',
      'SELECT * FROM range(3000000)',
      '--output',
      'csv',
      '--warehouse',
      sample.root,
    ])
    call.child.stdout.once('data', () => call.child.stdout.destroy())
    const { exit, err } = await call.ended
    expect([exit, err]).toEqual([0, ''])
  })

  const ALL = relationsOf(ENTITIES, VIEWS)
  const namesOf = (kind: 'view' | 'macro'): string[] =>
    ALL.flatMap((relation) => (relation.kind === kind ? [relation.name] : [])).sort()

  test.each([
    'SHOW TABLES',
    'SHOW ALL TABLES',
    'FROM (SHOW TABLES FROM main)',
    'DESCRIBE',
    'SELECT table_name AS name FROM information_schema.tables',
    'SELECT DISTINCT table_name AS name FROM information_schema.columns',
    'SELECT view_name AS name FROM duckdb_views() WHERE NOT internal',
    'SELECT DISTINCT table_name AS name FROM duckdb_columns() WHERE NOT internal',
    "SELECT viewname AS name FROM pg_catalog.pg_views WHERE schemaname = 'main'",
    "SELECT name FROM sqlite_master WHERE type = 'view'",
    'SELECT view_name AS name, (SELECT count(*) FROM users) AS n FROM duckdb_views() WHERE NOT internal',
  ])('names every table: %s', async (sql) => {
    const names = new Set((await rows(sql)).map(({ name }) => String(name)))
    expect([...names].filter((name) => !/^(duckdb|pg|sqlite)_|^pragma/.test(name)).sort()).toEqual(
      namesOf('view'),
    )
  })

  test('names every macro, and has the rows of a table that is asked for beside the catalog', async () => {
    const sql = `SELECT function_name AS name, (SELECT count(*) FROM users WHERE site = 'demo') AS n
      FROM duckdb_functions() WHERE NOT internal ORDER BY name`
    const n = sample.sim.world(LAST).users.length
    expect(await rows(sql)).toEqual(namesOf('macro').map((name) => ({ name, n })))
  })

  test('writes what is infinite as the engine does', async () => {
    const sql = `SELECT 'infinity'::DATE AS a, '-infinity'::DATE AS b, ['infinity'::DATE] AS c, 'infinity'::TIMESTAMP AS d`
    expect(await rows(sql)).toEqual([{ a: 'infinity', b: '-infinity', c: ['infinity'], d: 'infinity' }])
  })

  test('describes the one table that is named', async () => {
    const described = await rows('DESCRIBE users')
    expect(described.map((row) => row['column_name'])).toContain('site_role')
  })

  test('leaves a database with the same names, which shows later nights too', async () => {
    const file = join(sample.folder, 'almanac.duckdb')
    expect((await ask('query', '--duckdb', file)).exit).toBe(0)
    const again = await ask('query', 'SELECT 1 AS one', '--duckdb', file, '--output', 'csv')
    expect([again.exit, again.out]).toEqual([0, 'one\n1\n'])
    const instance = await DuckDBInstance.create(file, { access_mode: 'READ_ONLY' })
    const connection = await instance.connect()
    const all = async (sql: string) => (await connection.runAndReadAll(sql)).getRowsJson()
    const users = sample.sim.world(LAST).users.length + sample.other.world(FIRST).users.length
    expect(await all('SELECT count(*) FROM users')).toEqual([[String(users)]])
    expect(await all(`SELECT count(*) FROM workbooks_at(DATE '${FIRST}') WHERE site = 'demo'`)).toEqual([
      [String(sample.sim.world(FIRST).workbooks.length)],
    ])
    expect(await all('SELECT count(*) FROM runs')).toEqual([['3']])
    expect(await all(`SELECT comment FROM duckdb_views() WHERE view_name = 'runs'`)).toEqual([['Every run.']])
    instance.closeSync()
  })

  test('refuses a database with a table of its own by one of the names, which stays', async () => {
    const file = join(sample.folder, 'taken.duckdb')
    const instance = await DuckDBInstance.create(file)
    const connection = await instance.connect()
    await connection.run('CREATE TABLE users AS SELECT 1 AS mine')
    connection.closeSync()
    instance.closeSync()
    const { exit, err } = await ask('query', '--duckdb', file)
    expect([exit, err]).toEqual([
      2,
      `error usage: the database ${file} has something else that is called "users"\nnext: Name a file of its own, or rename what is there: it stays as it is.\n`,
    ])
  })

  test('leaves a table that was published only later empty until then, and refusing ever after', async () => {
    const file = join(sample.folder, 'early.duckdb')
    expect((await ask('query', '--duckdb', file)).exit).toBe(0)
    const answers = async () => {
      const instance = await DuckDBInstance.create(file, { access_mode: 'READ_ONLY' })
      const connection = await instance.connect()
      const all = await Promise.all(
        LATER.map(async (sql) =>
          connection.runAndReadAll(sql).then(
            (reader) => String(reader.getRowsJson()),
            (error: Error) => error.message,
          ),
        ),
      )
      instance.closeSync()
      return all
    }
    expect(await answers()).toEqual(LATER.map(() => '0'))
    await sample.night(LAST, '--select', 'projects,views,jobs')
    for (const said of await answers())
      expect(said).toMatch(
        /^Invalid Input Error: .+\.parquet was not there when this database was made: make it again with "almanac query --duckdb"$/,
      )
    expect((await ask('query', '--duckdb', file)).exit).toBe(0)
    const [projects] = await answers()
    expect(projects).toBe(String(sample.sim.world(LAST).projects.length))
  })
})

/** Questions about tables that no night has read at first: the rows alone, a condition on a column, a view, a macro. */
const LATER = [
  'SELECT count(*) FROM projects',
  "SELECT count(*) FROM projects WHERE site = 'demo'",
  "SELECT count(*) FROM projects_snapshots WHERE dt > DATE '2026-01-01' AND site = 'demo'",
  "SELECT count(*) FROM projects_changes WHERE kind = 'new'",
  `SELECT count(*) FROM projects_at(DATE '${LAST}')`,
  'SELECT count(delta) FROM view_usage',
  "SELECT count(*) FROM jobs WHERE status = 'Failed'",
]
