import { describe, expect, test } from 'vitest'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import { keys } from '../../lib/core/keys.ts'
import { committedDays, readManifest } from '../../lib/core/manifest.ts'
import type { ObjectStore, WriteCondition } from '../../lib/core/ports.ts'
import type { CandidateReceipt } from '../../lib/core/receipt.ts'
import { type CommitFacts, commit, neighbours, replace, withdraw } from '../../lib/load/commit.ts'

const AT = { entity: 'things', site: 'test' }
const DT = '2026-11-02'
const MINE = 'a'.repeat(64)
const OTHER = 'b'.repeat(64)

const receiptOf = (sha256: string, rows = 3): CandidateReceipt => ({
  format: 1,
  ...AT,
  dt: DT,
  sha256,
  rows,
  columns: [{ name: 'id', type: 'text' }],
  missing: ['size'],
  observedFrom: 1_000,
  observedTo: 2_000,
  shards: [],
})
const RECEIPT = receiptOf(MINE)
const facts = (run = 'mine', note: CommitFacts['note'] = null): CommitFacts => ({ run, note })
const manifest = (store: ObjectStore, version: number) => readManifest(store, AT, { dt: DT, version })

/** A store whose writes give this answer, after they were done or instead. */
const answering = (store: ObjectStore, isDone: boolean): ObjectStore => ({
  ...store,
  write: async (...write) => {
    if (isDone) await store.write(...write)
    return { won: false }
  },
})

describe('a commit', () => {
  test('writes the first version, which says what was read, and only where there is none', async () => {
    const store = memoryStore()
    const conditions: WriteCondition[] = []
    const watched: ObjectStore = {
      ...store,
      write: (key, bytes, condition) => {
        conditions.push(condition)
        return store.write(key, bytes, condition)
      },
    }
    const note = { kind: 'agreed', reason: 'the day after agrees' } as const
    expect(await commit(watched, RECEIPT, facts('mine', note))).toBe(true)
    expect(conditions).toEqual(['absent'])
    expect(await committedDays(store, AT)).toEqual([{ dt: DT, version: 1 }])
    expect(await manifest(store, 1)).toEqual({
      format: 1,
      ...AT,
      dt: DT,
      version: 1,
      candidate: MINE,
      rows: 3,
      columns: RECEIPT.columns,
      missing: ['size'],
      observedFrom: 1_000,
      observedTo: 2_000,
      receipt: RECEIPT,
      replaces: null,
      note,
      run: 'mine',
    })
  })

  test('that is acknowledged needs no second look', async () => {
    const blind: ObjectStore = { ...memoryStore(), read: () => Promise.reject(new Error('cannot be read')) }
    expect(await commit(blind, RECEIPT, facts())).toBe(true)
  })

  test('whose answer was lost is ours all the same', async () => {
    expect(await commit(answering(memoryStore(), true), RECEIPT, facts())).toBe(true)
  })

  test.each([
    ['another run with another reading', OTHER, 'other'],
    ['another run with the same reading', MINE, 'other'],
    ['the same run with another reading', OTHER, 'mine'],
  ])('that came after %s is not ours, and changes nothing', async (_, sha256, run) => {
    const store = memoryStore()
    await commit(store, receiptOf(sha256), facts(run))
    expect(await commit(store, RECEIPT, facts())).toBe(false)
    expect(await manifest(store, 1)).toMatchObject({ candidate: sha256, run })
  })

  test('that lost to nobody is a fault of the store', async () => {
    const key = keys.manifest(AT, DT, 1)
    await expect(commit(answering(memoryStore(), false), RECEIPT, facts())).rejects.toMatchObject({
      code: 'corrupt-object',
      message: `${key} was there and is gone`,
    })
  })
})

describe('a correction', () => {
  const note = { kind: 'replaced', reason: 'read again' } as const

  test('is the next version, names what it replaces, and leaves that one', async () => {
    const store = memoryStore()
    await commit(store, RECEIPT, facts())
    const old = await manifest(store, 1)
    await replace(store, old, receiptOf(OTHER, 4), facts('correct', note))
    expect(await manifest(store, 1)).toEqual(old)
    expect(await manifest(store, 2)).toMatchObject({
      version: 2,
      candidate: OTHER,
      rows: 4,
      receipt: receiptOf(OTHER, 4),
      replaces: { version: 1, candidate: MINE },
      note,
      run: 'correct',
    })
  })

  test('withdraws a day: no candidate, no rows, and all else as it was', async () => {
    const store = memoryStore()
    await commit(store, RECEIPT, facts())
    const old = await manifest(store, 1)
    const withdrawn = { kind: 'withdrawn', reason: 'wrong' } as const
    await withdraw(store, old, facts('correct', withdrawn))
    expect(await manifest(store, 2)).toEqual({
      ...old,
      version: 2,
      candidate: null,
      rows: 0,
      receipt: null,
      replaces: { version: 1, candidate: MINE },
      note: withdrawn,
      run: 'correct',
    })
  })

  test.each(['replace', 'withdraw'])('that comes second (%s) is refused, and says by what', async (which) => {
    const store = memoryStore()
    await commit(store, RECEIPT, facts())
    const old = await manifest(store, 1)
    await replace(store, old, receiptOf(OTHER), facts('other', note))
    const second =
      which === 'replace'
        ? replace(store, old, receiptOf('c'.repeat(64)), facts('mine', note))
        : withdraw(store, old, facts('mine', note))
    await expect(second).rejects.toMatchObject({
      code: 'stale-correction',
      message: `things of ${DT} already has a version 2, written by another command`,
    })
    expect(await manifest(store, 2)).toMatchObject({ candidate: OTHER, run: 'other' })
  })
})

test('the neighbours of a day are the others, from near to far', () => {
  const day = (dt: string) => ({ dt, version: 1 })
  const [a, b, c, d, e] = ['2026-10-30', '2026-11-01', DT, '2026-11-03', '2026-11-05'].map(day)
  const days = [a, b, c, d, e].flatMap((each) => each ?? [])
  expect(neighbours(days, DT)).toEqual({ before: [b, a], after: [d, e] })
  expect(neighbours(days, '2026-11-04')).toEqual({ before: [d, c, b, a], after: [e] })
})
