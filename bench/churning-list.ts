import type { ColumnType, Row } from '../lib/core/column.ts'
import type { Day } from '../lib/core/day.ts'
import { dayNumber } from '../lib/core/day.ts'
import type { Entity } from '../lib/core/entity.ts'
import type { EngineRow, Session } from '../lib/engine/database.ts'
import { literal, name } from '../lib/engine/sql.ts'

/**
 * A list that churns, as a table `today` of the engine: 1 in 200 of its rows changes each day, 1 in 5,000 goes,
 * and as many come. Each row is a function of its number `n` and of how often it changed, `v`.
 */
export interface ChurningList {
  readonly entity: Entity
  readonly rows: number
}

const hash = (salt: string): string => `(hash(n, ${literal(salt)}) % 1000)`
const minutes = (more: string): string =>
  `make_timestamp(1577836800000000 + ((n * 37 + ${more}) % 5000000) * 60000000)`

const CELL: Readonly<Record<ColumnType, (column: string) => string>> = {
  text: (column) => `${literal(`${column} `)} || ${hash(column)}`,
  integer: (column) => `${hash(column)}::BIGINT`,
  double: (column) => `${hash(column)}::DOUBLE / 8`,
  boolean: (column) => `${hash(column)} < 500`,
  timestamp: () => minutes('0'),
  date: (column) => `DATE '2020-01-01' + ${hash(column)}::INTEGER`,
  list: (column) => `['certified', 'tag ' || (${hash(column)} % 9)]`,
}

/** The columns that a change changes: its hands or its rights, and when. */
const CHANGING: Readonly<Record<string, string>> = {
  owner_id: `md5('owner' || (hash(n, v) % 500))`,
  site_role: `['Viewer', 'Explorer', 'Creator', 'Unlicensed'][1 + (n + v) % 4]`,
  updated_at: minutes('v * 1440'),
}

function cell(entity: Entity, column: string): string {
  if (entity.key.includes(column)) return `md5(${literal(entity.name)} || n)`
  if (column === 'raw_extra') return 'NULL::VARCHAR'
  if (column === 'name') return `${literal(`${entity.name} `)} || n`
  return CHANGING[column] ?? CELL[entity.columns[column]?.type ?? 'text'](column)
}

const cells = (entity: Entity): string =>
  Object.keys(entity.columns)
    .map((column) => `${cell(entity, column)} AS ${name(column)}`)
    .join(', ')

/** Makes the list as it is on its first day. */
export async function foundList(session: Session, { entity, rows }: ChurningList): Promise<void> {
  const numbers = `(SELECT range AS n, 0 AS v FROM range(${rows}))`
  await session.run(`CREATE OR REPLACE TEMP TABLE today AS SELECT n, v, ${cells(entity)} FROM ${numbers}`)
}

/** Takes the list on to a day. */
export async function churn(session: Session, { entity, rows }: ChurningList, day: Day): Promise<void> {
  const chance = `hash(n, ${dayNumber(day)})`
  await session.run(`UPDATE today SET v = v + 1 WHERE ${chance} % 200 = 0`)
  const changing = Object.keys(entity.columns).filter((column) => CHANGING[column] !== undefined)
  const anew = changing.map((column) => `${name(column)} = ${CHANGING[column]}`).join(', ')
  await session.run(`UPDATE today SET ${anew} WHERE ${chance} % 200 = 0`)
  await session.run(`DELETE FROM today WHERE ${chance} % 5000 = 1`)
  const came = `(SELECT (SELECT max(n) FROM today) + 1 + range AS n, 0 AS v FROM range(${Math.ceil(rows / 5000)}))`
  await session.run(`INSERT INTO today BY NAME SELECT n, v, ${cells(entity)} FROM ${came}`)
}

const ofExtractor = (value: EngineRow[string] | undefined): unknown =>
  value instanceof Date ? BigInt(value.getTime()) * 1000n : value

/** The list as row objects, as an extractor has them. */
export async function rowObjects(session: Session, { entity }: ChurningList): Promise<readonly Row[]> {
  const columns = Object.keys(entity.columns).map(name).join(', ')
  const rows = await session.rows(`SELECT ${columns} FROM today`)
  // Timestamps are microseconds in rows of ours; every other value comes as it should be.
  return rows.map((row) =>
    Object.fromEntries(Object.entries(row).map(([column, value]) => [column, ofExtractor(value)])),
  ) as readonly Row[]
}
