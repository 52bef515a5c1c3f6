import { describe, expect, test } from 'vitest'
import type { Row } from '../../lib/core/column.ts'
import { addDays } from '../../lib/core/day.ts'
import { keys } from '../../lib/core/keys.ts'
import { committedDays, readManifest } from '../../lib/core/manifest.ts'
import { replaceDay, withdrawDay } from '../../lib/load/correct.ts'
import { type PlainWorld, plainWorld, things } from './plain.ts'
import { newestReading } from './readings.ts'
import { placeOf, THINGS } from './toy.ts'

const FIRST = '2026-11-01'
const DAY = addDays(FIRST, 1)
const at = placeOf(THINGS)
const WHY = { dt: DAY, run: 'replace', reason: 'test' } as const

/** Two nights of a hundred things, loaded. */
async function twoNights(): Promise<PlainWorld> {
  const world = plainWorld(THINGS)
  for (const dt of [FIRST, DAY]) await world.night({ dt, rows: things(100) })
  return world
}

/** Lands one more reading of the day, some hours later than the night's. */
const readAgain = (world: PlainWorld, rows: readonly Row[], hour = 9): Promise<void> =>
  world.lands({ dt: DAY, rows, run: `again-${hour}`, observedFrom: Date.parse(`${DAY}T0${hour}:00:00Z`) })

const withdrawn = async (world: PlainWorld) =>
  withdrawDay(world.store, world.engine, THINGS, 'test', { ...WHY, run: 'withdraw' })

/** What the day has now. */
async function candidateNow({ store }: PlainWorld): Promise<string | null> {
  const day = (await committedDays(store, at)).find(({ dt }) => dt === DAY)
  if (day === undefined) throw new Error('the day is not committed')
  return (await readManifest(store, at, day)).candidate
}

const replaced = async (world: PlainWorld, named?: string) =>
  replaceDay(world.store, world.engine, THINGS, 'test', {
    ...WHY,
    replaces: (await candidateNow(world)) ?? 'withdrawn',
    with: named,
  })

const newest = ({ store, engine }: PlainWorld) => newestReading(store, engine, THINGS, DAY)

describe('a reading that comes into the place of another', () => {
  test('is the newest, where the guard lets it pass, and is told', async () => {
    const world = await twoNights()
    await readAgain(world, things(95), 8)
    await readAgain(world, things(90))
    const { reading, changes } = await replaced(world)
    expect([reading.rows, changes?.gone]).toEqual([90, 10])
    expect(await candidateNow(world)).toBe(reading.sha256)
  })

  test.each([
    ['no rows', [], /would be held: 0 rows where there were 100$/],
    ['half of the rows', things(50), /would be held: 50 of 100 rows are gone/],
    ['a column that emptied', things(100, { name: 0 }), /would be held: name had values and has none now$/],
  ] as const)('is not one of %s, unless it is named', async (_, rows, message) => {
    const world = await twoNights()
    const before = await candidateNow(world)
    await readAgain(world, rows)
    const sha256 = await newest(world)
    await expect(replaced(world)).rejects.toMatchObject({
      code: 'guarded',
      exit: 3,
      message: expect.stringMatching(message),
      next: `Look at ${keys.candidate(at, DAY, sha256)}. If it is right, name it: the same command and --with ${sha256.slice(0, 12)}`,
    })
    expect(await candidateNow(world)).toBe(before)
    expect((await replaced(world, sha256.slice(0, 8))).reading.rows).toBe(rows.length)
    expect(await candidateNow(world)).toBe(sha256)
  })

  test('is one that the day had before, where that is named', async () => {
    const world = await twoNights()
    const first = (await candidateNow(world)) ?? ''
    await readAgain(world, things(95))
    await replaced(world)
    await readAgain(world, things(90), 8)
    await replaced(world, first)
    expect(await candidateNow(world)).toBe(first)
  })

  test('is there, and named by 8 digits at least', async () => {
    const world = await twoNights()
    const now = (await candidateNow(world)) ?? ''
    await expect(replaced(world)).rejects.toMatchObject({ code: 'not-found', message: /no other reading/ })
    await readAgain(world, things(95))
    const other = await newest(world)
    for (const named of [other.slice(0, 7), 'f'.repeat(64), now])
      await expect(replaced(world, named)).rejects.toMatchObject({
        code: 'not-found',
        message: `no one other reading of things of ${DAY} begins with "${named}" (8 digits at least); there are: ${other.slice(0, 12)} (read at ${DAY}T09:00:00.000Z)`,
      })
  })

  test('keeps the order of days also where it is named', async () => {
    const world = await twoNights()
    const observedFrom = Date.parse(`${FIRST}T01:00:00Z`)
    await world.lands({ dt: DAY, rows: things(100), run: 'early', observedFrom })
    const early = await readingBefore(world)
    await expect(replaced(world, early)).rejects.toMatchObject({ code: 'out-of-order' })
  })
})

/** The SHA-256 of the reading of the day that is not the one it has. */
async function readingBefore(world: PlainWorld): Promise<string> {
  await newest(world)
  const now = await candidateNow(world)
  const listed = (await world.store.list(keys.candidates(at))).map(({ key }) => key)
  const other = listed.find((key) => key.includes(DAY) && key.endsWith('.parquet') && !key.includes(`${now}`))
  return other?.split('/').at(-1)?.replace('.parquet', '') ?? ''
}

describe('a day that was withdrawn', () => {
  test('comes back as what was withdrawn, also where other readings are older', async () => {
    const world = await twoNights()
    await readAgain(world, things(95))
    await replaced(world)
    const was = await candidateNow(world)
    await withdrawn(world)
    expect((await replaced(world)).reading.sha256).toBe(was)
    expect(await candidateNow(world)).toBe(was)
  })

  test('comes back as what somebody names where it was read again since', async () => {
    const world = await twoNights()
    const was = (await candidateNow(world)) ?? ''
    await withdrawn(world)
    await readAgain(world, things(3))
    const again = await newest(world)
    await expect(replaced(world)).rejects.toMatchObject({
      code: 'usage',
      message: `things of ${DAY}: ${was.slice(0, 12)} (read at ${DAY}T03:00:00.000Z) was withdrawn, and ${again.slice(0, 12)} (read at ${DAY}T09:00:00.000Z) is newer; nobody said which of them comes`,
      next: `Name it: --with ${again.slice(0, 12)} or --with ${was.slice(0, 12)}`,
    })
    expect(await candidateNow(world)).toBeNull()
    expect((await replaced(world, was.slice(0, 12))).reading.rows).toBe(100)
    await withdrawn(world)
    expect((await replaced(world, again.slice(0, 12))).reading.rows).toBe(3)
  })

  test('is held to its neighbours when it comes back', async () => {
    const world = plainWorld(THINGS)
    await world.night({ dt: DAY, rows: things(3) })
    await withdrawn(world)
    await world.night({ dt: FIRST, rows: things(100) })
    await expect(replaced(world)).rejects.toMatchObject({ code: 'guarded' })
  })
})
