import { addDays, type Day } from '../lib/core/day.ts'
import type { Entity } from '../lib/core/entity.ts'
import { keys } from '../lib/core/keys.ts'
import type { ObjectStore } from '../lib/core/ports.ts'
import { jsonBytes } from '../lib/core/receipt.ts'
import { sha256 } from '../lib/core/sha256.ts'
import { foldFingerprint, shapeOf } from '../lib/core/shape.ts'
import type { Session } from '../lib/engine/database.ts'
import { literal, name, parquetOptions } from '../lib/engine/sql.ts'
import { receiptOf } from '../lib/load/candidate.ts'
import { commit } from '../lib/load/commit.ts'
import type { AppliedDay } from '../lib/load/history.ts'
import { applyDay, emptyTables, historyQuery } from '../lib/transform/fold.ts'
import { type ChurningList, churn, foundList } from './churning-list.ts'
import { BENCH_SITE, receiptFor } from './landing.ts'

/** The nights before a measured one, made cheaply: what a load looks at is there, and nothing else. */
export interface PastNights {
  /** Goes on to a day: the list churns, and the fold takes it. The day is committed; the last one before a measured night wholly. */
  goOn(day: Day, isWhole: boolean): Promise<void>
  /** Writes the history as it is now. */
  publish(): Promise<void>
  /** The next day was landed and loaded by others: only the list and the fold take it. */
  follow(day: Day, candidate: string): Promise<void>
}

const placeOf = (entity: Entity) => ({ entity: entity.name, site: BENCH_SITE })

/** Commits a day whose bytes nobody will read again: small ones under a hash that is right for them, so that listings are as long as they would be. */
async function commitName(store: ObjectStore, entity: Entity, day: Day, rows: number): Promise<string> {
  const bytes = new TextEncoder().encode(`${entity.name} ${day}`)
  return commitBytes(store, entity, day, bytes, rows)
}

async function commitBytes(
  store: ObjectStore,
  entity: Entity,
  day: Day,
  bytes: Uint8Array,
  rows: number,
): Promise<string> {
  const hash = sha256(bytes)
  const receipt = receiptOf([receiptFor(entity, day, [{ key: 'none', sha256: hash, rows, bytes: 0 }])], hash)
  await store.write(keys.candidateReceipt(placeOf(entity), day, hash), jsonBytes(receipt), 'absent')
  await store.write(keys.candidate(placeOf(entity), day, hash), bytes, 'absent')
  await commit(store, receipt, { run: `run-${day}`, note: null })
  return hash
}

async function todayAsParquet(session: Session, { entity }: ChurningList): Promise<Uint8Array> {
  const file = session.scratch()
  const columns = Object.keys(entity.columns).map(name).join(', ')
  const order = entity.key.map(name).join(', ')
  await session.run(
    `COPY (SELECT ${columns} FROM today ORDER BY ${order}) TO ${literal(file)} ${parquetOptions()}`,
  )
  return session.collect(file)
}

/** Starts a list before its first day. */
export async function pastNights(
  store: ObjectStore,
  session: Session,
  list: ChurningList,
): Promise<PastNights> {
  const { entity } = list
  const shape = shapeOf(entity)
  const applied: AppliedDay[] = []
  for (const sql of emptyTables(shape)) await session.run(sql)
  const take = async (dt: Day, hash: string): Promise<void> => {
    const day = { dt, missing: [], earlier: applied, unknownInOpen: [] }
    const { delta, ending, beginning } = applyDay(shape, day)
    for (const sql of [delta, ...ending, beginning]) await session.run(sql)
    applied.push({ dt, version: 1, sha256: hash, missing: [] })
  }
  const step = (day: Day): Promise<void> =>
    applied.length === 0 ? foundList(session, list) : churn(session, list, day)
  return {
    goOn: async (day, isWhole) => {
      await step(day)
      const hash = isWhole
        ? await commitBytes(store, entity, day, await todayAsParquet(session, list), list.rows)
        : await commitName(store, entity, day, list.rows)
      await take(day, hash)
    },
    publish: async () => {
      const file = session.scratch()
      const metadata = { fold: foldFingerprint(shape), applied: JSON.stringify(applied) }
      await session.run(`COPY (${historyQuery(shape)}) TO ${literal(file)} ${parquetOptions(metadata)}`)
      const there = await store.head(keys.history(placeOf(entity)))
      const condition = there === undefined ? 'absent' : { etag: there.etag }
      await store.write(keys.history(placeOf(entity)), await session.collect(file), condition)
    },
    follow: take,
  }
}

/** The n-th night's day; the first is 2025-11-01. */
export const dayOf = (night: number): Day => addDays('2025-11-01', night - 1)
