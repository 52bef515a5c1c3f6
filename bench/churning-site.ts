import type { ColumnType, Row } from '../lib/core/column.ts'
import type { Day } from '../lib/core/day.ts'
import { dayNumber } from '../lib/core/day.ts'
import type { Entity } from '../lib/core/entity.ts'
import { keys } from '../lib/core/keys.ts'
import type { ObjectStore } from '../lib/core/ports.ts'
import { jsonBytes } from '../lib/core/receipt.ts'
import { sha256 } from '../lib/core/sha256.ts'
import type { Engine, EngineRow, Session } from '../lib/engine/engine.ts'
import { literal, name, parquetOptions } from '../lib/engine/sql.ts'
import { receiptOf } from '../lib/load/candidate.ts'
import { commit } from '../lib/load/commit.ts'
import { BENCH_SITE, landRows, receiptFor } from './landing.ts'

/** A list of one site that churns: 1 in 200 of its rows changes each day; 1 in 5,000 goes, and as many come. */
export interface ChurningList {
  readonly entity: Entity
  readonly rows: number
}

const hash = (salt: string): string => `(hash(n, ${literal(salt)}) % 1000)`
const micros = (more: string): string =>
  `make_timestamp(1577836800000000 + ((n * 37 + ${more}) % 5000000) * 60000000)`

/** A cell as a function of the row's number `n`, how often it changed so far `v`, and the day `d`. */
const CELL: Readonly<Record<ColumnType, (column: string, salt: string) => string>> = {
  text: (column, salt) => `${literal(`${column} `)} || ${hash(salt)}`,
  integer: (_, salt) => `${hash(salt)}::BIGINT`,
  double: (_, salt) => `${hash(salt)}::DOUBLE / 8`,
  boolean: (_, salt) => `${hash(salt)} < 500`,
  timestamp: () => micros('0'),
  date: (_, salt) => `DATE '2020-01-01' + ${hash(salt)}::INTEGER`,
  list: (_, salt) => `[${literal('certified')}, ${literal('tag ')} || (${hash(salt)} % 9)]`,
}

function cell(entity: Entity, column: string): string {
  const type = entity.columns[column]?.type ?? 'text'
  if (entity.key.includes(column)) return `md5(${literal(entity.name)} || n)`
  if (column === 'raw_extra') return 'NULL::VARCHAR'
  if (column === 'name') return `${literal(`${entity.name} `)} || n`
  if (column === 'owner_id' || column === 'site_role') return `md5('owner' || (hash(n, v) % 500))`
  if (column === 'updated_at') return micros('v * 1440')
  // The count of a view grows every day: volatile, so that it makes no history.
  if (column === 'total_view_count') return `(n % 1000 + d * (n % 5))::BIGINT`
  return CELL[type](column, column)
}

const selectDay = (entity: Entity, day: Day): string => {
  const columns = Object.keys(entity.columns).map((column) => `${cell(entity, column)} AS ${name(column)}`)
  return `SELECT ${columns.join(', ')} FROM (SELECT n, v, ${dayNumber(day)} AS d FROM ${name(`world_${entity.name}`)})`
}

/** The lists on one day after the other, in the engine: far quicker than row objects. */
export interface ChurningSite {
  /** Goes one day on. */
  churn(list: ChurningList, day: Day): Promise<void>
  /** Commits the day as a load would have: candidate, receipt, manifest. Publishes nothing. */
  commitDay(list: ChurningList, day: Day): Promise<void>
  /** Lands the day through the extractor's writer, for a load to be measured. */
  landDay(list: ChurningList, day: Day): Promise<void>
  close(): Promise<void>
}

const micro = (value: EngineRow[string] | undefined): EngineRow[string] | undefined =>
  value instanceof Date ? BigInt(value.getTime()) * 1000n : value

async function createWorld(session: Session, { entity, rows }: ChurningList): Promise<void> {
  await session.run(
    `CREATE TEMP TABLE ${name(`world_${entity.name}`)} AS SELECT range AS n, 0 AS v FROM range(${rows})`,
  )
}

async function churn(session: Session, { entity, rows }: ChurningList, day: Day): Promise<void> {
  const world = name(`world_${entity.name}`)
  const number = dayNumber(day)
  const chance = `hash(n, ${number})`
  await session.run(`UPDATE ${world} SET v = v + 1 WHERE ${chance} % 200 = 0`)
  await session.run(`DELETE FROM ${world} WHERE ${chance} % 5000 = 1`)
  const came = Math.ceil(rows / 5000)
  await session.run(
    `INSERT INTO ${world} SELECT (SELECT max(n) FROM ${world}) + 1 + range, 0 FROM range(${came})`,
  )
}

async function commitDay(
  store: ObjectStore,
  session: Session,
  { entity }: ChurningList,
  day: Day,
): Promise<void> {
  const file = session.scratch()
  const order = entity.key.map(name).join(', ')
  await session.run(
    `COPY (${selectDay(entity, day)} ORDER BY ${order}) TO ${literal(file)} ${parquetOptions()}`,
  )
  const bytes = await session.collect(file)
  const [counted] = await session.rows(`SELECT count(*) AS rows FROM read_parquet(${literal(file)})`)
  const rows = Number(counted?.['rows'])
  const hashOf = sha256(bytes)
  const receipt = receiptOf(
    [receiptFor(entity, day, [{ key: 'none', sha256: hashOf, rows, bytes: 0 }])],
    hashOf,
  )
  const at = { entity: entity.name, site: BENCH_SITE }
  await store.write(keys.candidateReceipt(at, day, hashOf), jsonBytes(receipt), 'absent')
  await store.write(keys.candidate(at, day, hashOf), bytes, 'absent')
  await commit(store, receipt, { run: `run-${day}`, note: null })
}

/** A site of these lists on its first day. */
export async function churningSite(
  store: ObjectStore,
  engine: Engine,
  lists: readonly ChurningList[],
): Promise<ChurningSite> {
  const session = await engine.session()
  for (const list of lists) await createWorld(session, list)
  return {
    churn: (list, day) => churn(session, list, day),
    commitDay: (list, day) => commitDay(store, session, list, day),
    landDay: async (list, day) => {
      const rows = await session.rows(selectDay(list.entity, day))
      const cells = rows.map((row) =>
        Object.fromEntries(Object.entries(row).map(([column, value]) => [column, micro(value)])),
      )
      await landRows(store, list.entity, day, cells as unknown as readonly Row[])
    },
    close: () => session.close(),
  }
}
