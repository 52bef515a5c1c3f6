import { keys } from '../core/keys.ts'
import { type CommittedDay, committedDays } from '../core/manifest.ts'
import type { StoredColumn } from '../core/receipt.ts'
import type { Shape } from '../core/shape.ts'
import { literal, names, parquetOptions } from '../engine/sql.ts'
import type { Desk } from './desk.ts'
import { isMadeOf } from './footer.ts'
import { projection } from './projection.ts'
import { publish } from './publish.ts'
import { emptyRelation, parentDay, snapshotColumns } from './snapshot.ts'

/** The columns of the current table: a snapshot's, and the day it is of. */
export const currentColumns = (shape: Shape): readonly StoredColumn[] => [
  ...snapshotColumns(shape),
  { name: 'as_of', type: 'date' },
]

/** The newest committed day that was not withdrawn. */
async function lastComplete(desk: Desk, days: readonly CommittedDay[]): Promise<CommittedDay | undefined> {
  for (const day of [...days].reverse()) {
    if ((await desk.manifest(day)).candidate !== null) return day
  }
  return undefined
}

async function rowsOf(desk: Desk, days: readonly CommittedDay[], day: CommittedDay): Promise<string> {
  const columns = snapshotColumns(desk.shape)
  if (desk.shape.parent !== undefined) {
    const { snapshot } = await parentDay(desk, days, day)
    return `SELECT ${names(columns.map((column) => column.name))} FROM read_parquet(${literal(snapshot)})`
  }
  const manifest = await desk.manifest(day)
  const file = await desk.candidate(day.dt, manifest.candidate ?? '')
  return `SELECT ${projection(columns, manifest.columns)} FROM read_parquet(${literal(file)})`
}

/** Publishes the last complete day as the current table. The number of objects written. */
export async function publishCurrent(desk: Desk): Promise<number> {
  const wrote = await publish(desk.store, keys.current(desk.at), async () => {
    const days = await committedDays(desk.store, desk.at)
    const last = await lastComplete(desk, days)
    const columns = JSON.stringify(currentColumns(desk.shape))
    const inputs =
      last === undefined
        ? 'none'
        : JSON.stringify([last, desk.shape.parent === undefined ? [] : days, columns])
    return {
      isSame: isMadeOf(inputs),
      build: async () => {
        const { sql } = await currentRows(desk, days)
        const file = desk.session.scratch()
        await desk.session.run(`COPY (${sql}) TO ${literal(file)} ${parquetOptions({ inputs })}`)
        return desk.session.collect(file)
      },
    }
  })
  return wrote ? 1 : 0
}

/** The rows that the current table should have, and its columns. */
export async function currentRows(
  desk: Desk,
  days: readonly CommittedDay[],
): Promise<{ sql: string; columns: readonly StoredColumn[] }> {
  const columns = currentColumns(desk.shape)
  const last = await lastComplete(desk, days)
  if (last === undefined) return { sql: `SELECT * FROM ${emptyRelation(columns)}`, columns }
  return {
    sql: `SELECT *, DATE ${literal(last.dt)} AS as_of FROM (${await rowsOf(desk, days, last)})`,
    columns,
  }
}
