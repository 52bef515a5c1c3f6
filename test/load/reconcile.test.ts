import { describe, expect, test } from 'vitest'
import { addDays } from '../../lib/core/day.ts'
import type { Entity } from '../../lib/core/entity.ts'
import { keys } from '../../lib/core/keys.ts'
import { committedDays, readManifest } from '../../lib/core/manifest.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import { withdraw } from '../../lib/load/commit.ts'
import { NOTHING } from '../../lib/load/history.ts'
import { differingDays, type Published, reconcile } from '../../lib/load/reconcile.ts'
import { links, type PlainWorld, plainWorld, things } from './plain.ts'
import { LINKS, placeOf, THINGS } from './toy.ts'

const FIRST = '2026-11-01'
const [D2, D3] = [1, 2].map((i) => addDays(FIRST, i)) as [string, string]

const rowsFor = (of: Entity, count: number) =>
  of === LINKS ? links({ a: 'read', b: 'read' }, count) : things(count)

/** Three nights that were loaded. */
async function threeNights(of: Entity): Promise<PlainWorld> {
  const world = plainWorld(of)
  for (const [i, dt] of [FIRST, D2, D3].entries()) await world.night({ dt, rows: rowsFor(of, i + 2) })
  forget(world)
  return world
}

const forget = ({ written, folded }: PlainWorld): void => {
  written.length = 0
  folded.length = 0
}

/**
 * Reconciles at a new desk, over this store when one is given: what it came to, what it wrote in order, and the days whose
 * objects it looked into.
 */
async function reconciled(
  world: PlainWorld,
  { store = world.store, isTrusting = true }: { store?: ObjectStore; isTrusting?: boolean } = {},
): Promise<Published & { written: readonly string[]; opened: readonly string[] }> {
  world.written.length = 0
  world.read.length = 0
  const done = await reconcile({ ...(await world.desk()), store, isTrusting })
  const opened = new Set(world.read.filter((key) => /^(snapshot|coverage)/.test(key)).map(short))
  const written = world.written.map(([key, how]) => `${short(key)} ${how}`)
  return { ...done, written, opened: [...opened].sort() }
}

const NOTHING_DONE = { objects: 0, changes: new Map(), written: [], opened: [] }

/** `snapshot/entity=things/site=test/dt=2026-11-02/data.parquet` as `snapshot 2026-11-02`. */
const short = (key: string): string =>
  [key.split('/')[0], ...(/dt=([\d-]+)/.exec(key)?.slice(1) ?? [])].join(' ')

describe('the days that a history and the manifests disagree on', () => {
  const listed = (text: string) =>
    text
      .split(' ')
      .flatMap((each) => (each === '' ? [] : [{ dt: each.slice(0, 1), version: Number(each[1]) }]))

  test.each([
    ['none', 'a1 b1 c1', 'a1 b1 c1', '', ''],
    ['a new one', 'a1 b1', 'a1 b1 c1', 'c1', 'c1'],
    ['a late one', 'a1 c1', 'a1 b1 c1', 'b1', 'b1 c1'],
    ['a corrected one', 'a1 b1 c1', 'a1 b2 c1', 'b2', 'b2 c1'],
    ['all', '', 'a1 b1', 'a1 b1', 'a1 b1'],
  ])('%s', (_, applied, days, differing, ofChain) => {
    const found = {
      ...NOTHING,
      etag: undefined,
      applied: listed(applied).map((each) => ({ ...each, sha256: null, missing: [] })),
    }
    expect(differingDays(found, listed(days), false)).toEqual(listed(differing))
    expect(differingDays(found, listed(days), true)).toEqual(listed(ofChain))
  })
})

describe.each([THINGS, LINKS].map((each) => [each.name, each] as const))('reconciling %s', (_, of) => {
  const at = placeOf(of)
  const areas = of === LINKS ? (['snapshot', 'coverage'] as const) : (['snapshot'] as const)

  test('writes nothing where no day was ever committed', async () => {
    const world = plainWorld(of)
    expect(await reconciled(world)).toEqual(NOTHING_DONE)
  })

  test('publishes a night: its day, then history, then the present', async () => {
    const world = plainWorld(of)
    const published = async (dt: string, count: number) => {
      const { published: objects } = await world.night({ dt, rows: rowsFor(of, count) })
      const keysWritten = world.written.filter(([key]) => !/^(candidate|manifest)/.test(key))
      return { objects, written: keysWritten.map(([key, how]) => `${short(key)} ${how}`) }
    }
    const night = (dt: string, how: string) => [
      ...areas.map((area) => `${area} ${dt} absent`),
      `history ${how}`,
      `current ${how}`,
    ]
    expect(await published(FIRST, 2)).toEqual({ objects: areas.length + 2, written: night(FIRST, 'absent') })
    expect(await published(D2, 3)).toEqual({ objects: areas.length + 2, written: night(D2, 'etag') })
  })

  test('leaves what is published where the manifests are gone', async () => {
    const world = await threeNights(of)
    for (const { key } of await world.store.list('manifest/')) await world.store.remove(key)
    expect(await reconciled(world)).toEqual(NOTHING_DONE)
  })

  test('brings a day in line that was withdrawn, and those that were folded from it', async () => {
    const world = await threeNights(of)
    const old = await readManifest(world.store, at, { dt: D2, version: 1 })
    await withdraw(world.store, old, { run: 'withdraw', note: null })
    const { written, opened, objects } = await reconciled(world)
    const days = of === LINKS ? [D2, D3] : [D2]
    const dayObjects = days.flatMap((dt) => areas.map((area) => `${area} ${dt}`))
    expect(written).toEqual([
      ...dayObjects.map((each) => `${each} etag`),
      'history etag',
      ...(of === LINKS ? ['current etag'] : []),
    ])
    expect(objects).toBe(written.length)
    // A day that is read parent by parent is folded from the one before, which it opens.
    expect(opened).toEqual(
      [...(of === LINKS ? areas.map((area) => `${area} ${FIRST}`) : []), ...dayObjects].sort(),
    )
    expect((await reconciled(world)).objects).toBe(0)
  })

  test('writes nothing when all is right, and folds nothing', async () => {
    const world = await threeNights(of)
    expect(await reconciled(world)).toEqual(NOTHING_DONE)
    expect(world.folded).toEqual([])
  })

  test.each([
    ['snapshot', FIRST],
    ['snapshot', D3],
    ...(of === LINKS ? [['coverage', FIRST] as const, ['coverage', D2] as const] : []),
  ] as const)('writes a lost %s of %s again, and nothing else', async (area, dt) => {
    const world = await threeNights(of)
    const lost = await world.store.read(keys[area](at, dt))
    await world.store.remove(keys[area](at, dt))
    const { opened, ...done } = await reconciled(world)
    expect(done).toEqual({ objects: 1, changes: new Map(), written: [`${area} ${dt} absent`] })
    if (of === THINGS) expect(opened).toEqual([`snapshot ${dt}`])
    expect((await world.store.read(keys[area](at, dt)))?.sha256).toBe(lost?.sha256)
  })

  test('writes lost tables again: the present, or the history with what all days did', async () => {
    const world = await threeNights(of)
    await world.store.remove(keys.current(at))
    expect((await reconciled(world)).written).toEqual(['current absent'])
    await world.store.remove(keys.history(at))
    const { changes, written, objects } = await reconciled(world)
    expect([objects, written]).toEqual([1, ['history absent']])
    const each = of === LINKS ? [4, 2, 2] : [2, 1, 1]
    expect([...changes].map(([dt, { new: count }]) => [dt, count])).toEqual(
      [FIRST, D2, D3].map((dt, i) => [dt, each[i]]),
    )
  })

  test('trusts nothing that is published when told so: all is looked at, and history is folded anew', async () => {
    const world = await threeNights(of)
    const { changes, written, objects } = await reconciled(world, { isTrusting: false })
    expect([objects, written]).toEqual([1, ['history etag']])
    expect([...changes.keys()]).toEqual([FIRST, D2, D3])
    expect(world.folded.map(({ from, days }) => [from, days.length])).toEqual([[null, 3]])
  })

  test('says what the days did that history was folded over, and no others', async () => {
    const world = await threeNights(of)
    await world.store.remove(keys.history(at))
    await reconciled(world)
    await world.night({ dt: addDays(D3, 1), rows: rowsFor(of, 4) })
    expect(world.folded.map(({ from, days }) => [from, days.map(({ dt }) => dt)])).toEqual([
      [D3, [addDays(D3, 1)]],
    ])
  })

  test('begins again when another writer was first with history', async () => {
    const world = await threeNights(of)
    await world.store.remove(keys.history(at))
    let losses = 0
    const contended: ObjectStore = {
      ...world.store,
      write: async (key, bytes, condition) => {
        if (!key.startsWith('history/') || losses === 3) return world.store.write(key, bytes, condition)
        losses++
        return { won: false }
      },
    }
    const { objects, changes } = await reconciled(world, { store: contended })
    expect([losses, objects, changes.size]).toEqual([3, 1, 3])
  })

  test('publishes a day that was committed while it folded', async () => {
    const world = await threeNights(of)
    const late = await nextNight(world, of)
    const { objects } = await reconciled(world, { store: late })
    expect(objects).toBe(areas.length + 2)
    const desk = await world.desk()
    expect(await committedDays(world.store, at)).toHaveLength(4)
    expect((await reconcile(desk)).objects).toBe(0)
  })

  test('gives up when history never stands still', async () => {
    const world = await threeNights(of)
    await world.store.remove(keys.history(at))
    let tries = 0
    const lost: ObjectStore = {
      ...world.store,
      write: async (key, bytes, condition) => {
        if (!key.startsWith('history/')) return world.store.write(key, bytes, condition)
        if (++tries > 50) throw new Error('written for ever')
        return { won: false }
      },
    }
    await expect(reconciled(world, { store: lost })).rejects.toMatchObject({
      code: 'store-conflict',
      message: `${of.name} of test: its days kept changing while it was published`,
    })
    expect(tries).toBe(20)
  })
})

/** A store in which the fourth night's commit is seen from the second listing of manifests on. */
async function nextNight(world: PlainWorld, of: Entity): Promise<ObjectStore> {
  const other = await threeNights(of)
  const dt = addDays(D3, 1)
  await other.night({ dt, rows: rowsFor(of, 4) })
  const mine = new Set((await world.store.list('')).map(({ key }) => key))
  const news = (await other.store.list('')).filter(
    ({ key }) => !mine.has(key) && /^(candidate|manifest)\//.test(key),
  )
  let listings = 0
  return {
    ...world.store,
    list: async (prefix) => {
      if (prefix.startsWith('manifest/') && ++listings === 2)
        for (const { key } of news) {
          const object = await other.store.read(key)
          await world.store.write(key, object?.bytes ?? new Uint8Array(), 'absent')
        }
      return world.store.list(prefix)
    },
  }
}
