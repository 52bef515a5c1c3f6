import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { beforeAll, describe, expect, test } from 'vitest'
import { namedQueries, preparedStatements } from '../../lib/athena/statements.ts'
import { storedTables } from '../../lib/athena/tables.ts'
import { ENTITIES, VIEWS } from '../../lib/entities/index.ts'
import { relationsOf } from '../../lib/tables/relation.ts'
import { REWRITTEN } from './engines.ts'
import { type Objections, openTrino } from './trino.ts'

const page = readFileSync(join(resolve(import.meta.dirname, '../..'), 'docs/athena.md'), 'utf8')
const examples = [...page.matchAll(/```sql\n([\s\S]*?)\n```/g)].map(([, sql = '']) => sql)

let objections: Objections
beforeAll(async () => {
  objections = await openTrino()
})

describe('docs/athena.md', () => {
  test.each(examples)('%s', (sql) => expect(objections(sql)).toEqual([]))

  test.each([
    ['a / b', 'CAST(a AS double) / b', '7, 2', 3.5],
    [
      "date_diff('day', a, b)",
      "date_diff('day', CAST(a AS date), CAST(b AS date))",
      "TIMESTAMP '2026-11-01 23:00:00', TIMESTAMP '2026-11-02 01:00:00'",
      '1',
    ],
    [
      "date_diff('day', a, b)",
      "date_diff('day', CAST(a AS date), CAST(b AS date))",
      "TIMESTAMP '2026-11-01 01:00:00', TIMESTAMP '2026-11-01 23:00:00'",
      '0',
    ],
  ])('says of %s what both answer when it is written %s: of %s it is %s', async (own, both, of, wanted) => {
    expect(page).toContain(`| \`${own}\` | \`${both}\``)
    const connection = await (await DuckDBInstance.create(':memory:')).connect()
    const answer = await connection.runAndReadAll(`SELECT ${own}, ${both} FROM (VALUES (${of})) AS t (a, b)`)
    expect(answer.getRowsJson()).toEqual([[wanted, wanted]])
    expect(objections(`SELECT ${both} FROM t`)).toEqual([])
  })

  test('names every table that almanac query has under another name, and every view that is rewritten', () => {
    const known = relationsOf(ENTITIES, VIEWS).map(({ name }) => name)
    const tables = storedTables({ bucketName: 'b', sites: ['s'], firstDay: '2026-10-03' }, ENTITIES)
    const beneath = tables.map(({ name }) => name).filter((name) => !known.includes(name))
    expect([...beneath, ...Object.keys(REWRITTEN)].filter((name) => !page.includes(`\`${name}\``))).toEqual(
      [],
    )
    expect(beneath).toHaveLength(2)
  })

  test('executes what is prepared', () => {
    const prepared = preparedStatements(ENTITIES).map(({ name }) => name)
    const executed = [...page.matchAll(/EXECUTE (\w+) USING/g)].map(([, name]) => name)
    expect(executed.length).toBeGreaterThan(0)
    expect(executed.filter((name) => !prepared.includes(name ?? ''))).toEqual([])
  })

  test('promises the questions of the dictionary, and every one is there', () => {
    const about = new Set(namedQueries(ENTITIES, VIEWS).map(({ name }) => name.split(':')[0]))
    const wanted = [...ENTITIES, ...VIEWS].map(({ name }) => name)
    expect(wanted.filter((name) => !about.has(name))).toEqual([])
  })
})
