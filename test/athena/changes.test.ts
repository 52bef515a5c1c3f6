import { DuckDBInstance } from '@duckdb/node-api'
import { expect, test } from 'vitest'
import { changesSql } from '../../lib/athena/trino.ts'
import { boolean, listOf, text, timestamp } from '../../lib/core/column.ts'
import { type Entity, entity, list } from '../../lib/core/entity.ts'
import { changesView } from '../../lib/tables/views.ts'
import { unquoted } from './engines.ts'

const things = entity({
  name: 'things',
  doc: 'Things.',
  kind: 'state',
  read: list('things', { item: 'thing', since: '2.0' }),
  key: ['id'],
  columns: {
    id: text('@id', 'LUID').required(),
    name: text('@name', 'Name'),
    is_on: boolean('@on', 'Whether it is on'),
    at: timestamp('@at', 'When'),
    tags: listOf('tags/tag/@label', 'Tags'),
  },
  drop: [],
  role: 'Explorer',
  belowRole: 'forbidden',
  scope: 'tableau:content:read',
  help: 'https://example.com',
}) as unknown as Entity

const HISTORY = `CREATE TABLE things_history AS SELECT 'demo' AS site, * FROM (VALUES
  ('a', 'one', true, TIMESTAMP '2026-10-01 08:00:00', ['x'], DATE '2026-10-01', DATE '2026-10-02', 'new', NULL, NULL, NULL),
  ('a', 'two', false, TIMESTAMP '2026-10-01 08:30:00.25', ['x'], DATE '2026-10-02', DATE '2026-10-03', 'changed', DATE '2026-10-01', NULL, NULL),
  ('a', NULL, NULL, NULL, NULL, DATE '2026-10-03', DATE '2026-10-04', 'changed', DATE '2026-10-02', DATE '2026-10-03', []),
  ('a', NULL, true, NULL, [], DATE '2026-10-06', NULL, 'returned', DATE '2026-10-05', NULL, []),
  ('b', 'one', NULL, NULL, ['x, y'], DATE '2026-10-01', DATE '2026-10-02', 'new', NULL, NULL, ['is_on', 'at']),
  ('b', 'one', true, NULL, ['x', 'y'], DATE '2026-10-02', DATE '2026-10-03', 'changed', DATE '2026-10-01', NULL, ['at']),
  ('b', 'one', true, TIMESTAMP '2026-10-01 08:00:00', ['x', 'y'], DATE '2026-10-03', DATE '2026-10-04', 'schema', DATE '2026-10-02', NULL, NULL),
  ('b', NULL, NULL, TIMESTAMP '2026-10-01 09:00:00', ['x', 'y'], DATE '2026-10-04', NULL, 'changed', DATE '2026-10-03', NULL, ['name', 'is_on'])
) AS rows (id, name, is_on, "at", tags, valid_from, valid_to, cause, changed_after, gone_after, unknown)`

test('changes through null, unknown, gone and returned are those of the local view', async () => {
  const connection = await (await DuckDBInstance.create()).connect()
  await connection.run('CREATE MACRO array_join(list, separator) AS array_to_string(list, separator)')
  await connection.run(HISTORY)
  const ask = async (sql: string): Promise<readonly string[]> =>
    (await connection.runAndReadAll(sql))
      .getRowsJson()
      .map((row) => unquoted(JSON.stringify(row)))
      .sort()
  const wanted = await ask(changesView(things))
  expect(await ask(changesSql(things))).toEqual(wanted)
  expect(wanted.map((row) => JSON.parse(row).slice(1).join('|'))).toEqual([
    'a|one|2026-10-01||new|||',
    'a|two|2026-10-02|2026-10-01|changed|at|2026-10-01 08:00:00|2026-10-01 08:30:00.25',
    'a|two|2026-10-02|2026-10-01|changed|is_on|true|false',
    'a|two|2026-10-02|2026-10-01|changed|name|one|two',
    'a||2026-10-03|2026-10-02|changed|at|2026-10-01 08:30:00.25|',
    'a||2026-10-03|2026-10-02|changed|is_on|false|',
    'a||2026-10-03|2026-10-02|changed|name|two|',
    'a||2026-10-03|2026-10-02|changed|tags|[x]|',
    'a||2026-10-04|2026-10-03|gone|||',
    'a||2026-10-06|2026-10-03|changed|is_on||true',
    'a||2026-10-06|2026-10-03|changed|tags||[]',
    'a||2026-10-06|2026-10-05|returned|||',
    'b|one|2026-10-01||new|||',
    'b|one|2026-10-02|2026-10-01|changed|tags|[x, y]|[x, y]',
    'b||2026-10-04|2026-10-03|changed|at|2026-10-01 08:00:00|2026-10-01 09:00:00',
  ])
})
