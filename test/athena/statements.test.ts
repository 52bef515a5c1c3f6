import { beforeAll, describe, expect, test } from 'vitest'
import { namedQueries, preparedStatements } from '../../lib/athena/statements.ts'
import { athenaViews } from '../../lib/athena/views.ts'
import { ENTITIES, VIEWS } from '../../lib/entities/index.ts'
import { type Objections, openTrino } from './trino.ts'

const views = athenaViews(ENTITIES, VIEWS)
const prepared = preparedStatements(ENTITIES)
const queries = namedQueries(ENTITIES, VIEWS)

let objections: Objections
beforeAll(async () => {
  objections = await openTrino()
})

describe('is SQL of Trino', () => {
  test.each(views)('the view $name', ({ sql }) => expect(objections(sql)).toEqual([]))
  test.each(prepared)('the statement $name', ({ name, sql }) => {
    expect(objections(`PREPARE ${name} FROM ${sql}`)).toEqual([])
  })
  test.each(queries)('$name', ({ sql }) => expect(objections(sql)).toEqual([]))
})

test.each([
  'SELECT * EXCLUDE (month) FROM jobs',
  "SELECT * FROM workbooks_at(DATE '2026-11-01')",
  'SELECT a FROM b GROUP BY ALL',
  'SELECT a FROM b ORDER BY ALL',
  'SELECT a::DATE FROM b',
  'SELECT CAST(a AS date) AS day, count(*) AS n FROM b GROUP BY day ORDER BY day',
  'SELECT a FROM b ANTI JOIN c ON b.x = c.x',
  'SELECT a FROM b QUALIFY row_number() OVER (ORDER BY a) = 1',
  'SELECT max(dt) FILTER (delta > 0) FROM view_usage',
  'SELECT a FROM b WHERE dt > (SELECT max(dt) FROM c) - 7',
  'SELECT list_contains(unknown, a) FROM b',
  "SELECT {'a': 1} FROM b",
])('would be found: %s', (sql) => expect(objections(sql)).not.toEqual([]))

describe('prepared statements', () => {
  test('one for each entity that has a history, each with one parameter', () => {
    expect(prepared.map(({ name }) => name)).toEqual(
      ENTITIES.filter(({ kind }) => kind === 'state').map(({ name }) => `${name}_at`),
    )
    expect(prepared.filter(({ sql }) => sql.split('?').length !== 2)).toEqual([])
  })
})

describe('questions', () => {
  test('two for each entity and view, two for the runs, one of what is unknown, under names of their own', () => {
    expect(queries).toHaveLength(2 * (ENTITIES.length + VIEWS.length + 1) + 1)
    expect(new Set(queries.map(({ name }) => name)).size).toBe(queries.length)
  })

  test('keep to the lengths that Athena takes', () => {
    const long = [...queries, ...prepared].filter(
      ({ name, doc, sql }) => name.length > 128 || doc.length > 1024 || sql.length > 262_144,
    )
    expect(long).toEqual([])
  })
})
