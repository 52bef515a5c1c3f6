import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { diskStore } from '../../lib/adapters/local/store.ts'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import { keys } from '../../lib/core/keys.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import { replaceDay, withdrawDay } from '../../lib/load/correct.ts'
import { load } from '../../lib/load/load.ts'
import { verify } from '../../lib/verify/verify.ts'
import { plainEngine as engine } from '../simulation/plain-engine.ts'
import { plainRows } from '../simulation/plain-file.ts'
import { land } from './land.ts'
import { things } from './plain.ts'
import { placeOf, THINGS } from './toy.ts'

const [DAY, NEXT] = ['2026-11-01', '2026-11-02'] as const
const SNAPSHOT = keys.snapshot(placeOf(THINGS), DAY)

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'almanac-race-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** A promise, and what keeps it. */
function promised(): { readonly kept: Promise<void>; readonly keep: () => void } {
  let keep = (): void => undefined
  const kept = new Promise<void>((resolve) => {
    keep = resolve
  })
  return { kept, keep }
}

/** A store whose first write of a key waits to be let go; `reached` says that it waits. */
function stalling(store: ObjectStore, key: string) {
  const [reached, released] = [promised(), promised()]
  let isFirst = true
  const write: ObjectStore['write'] = async (which, bytes, condition) => {
    if (which === key && isFirst) {
      isFirst = false
      reached.keep()
      await released.kept
    }
    return store.write(which, bytes, condition)
  }
  return { store: { ...store, write }, reached: reached.kept, release: released.keep }
}

const loadOnce = (store: ObjectStore, run: string) => load(store, engine, THINGS, 'test', run)

async function faults(store: ObjectStore): Promise<readonly string[]> {
  const found: string[] = []
  for await (const { level, key } of verify(store, engine, [THINGS], undefined))
    if (level !== 'ok') found.push(key)
  return found
}

test.each([
  ['its ETags are hashes, and another load published the withdrawal meanwhile', 'disk', true],
  ['its ETags are hashes', 'disk', false],
  ['its ETags are new with every write', 'memory', false],
] as const)(
  'a withdrawal that stalls does not undo that the day was brought back: %s',
  async (_, which, isPublished) => {
    const store = which === 'disk' ? diskStore(join(folder, `${isPublished}`)) : memoryStore()
    await land(store, THINGS, DAY, things(3))
    await loadOnce(store, 'first')
    const before = (await store.read(SNAPSHOT))?.etag
    const slow = stalling(store, SNAPSHOT)
    const facts = { dt: DAY, reason: 'test' }
    const withdrawal = withdrawDay(slow.store, engine, THINGS, 'test', { ...facts, run: 'withdraw' })
    await slow.reached
    if (isPublished) await loadOnce(store, 'other')
    await replaceDay(store, engine, THINGS, 'test', { ...facts, replaces: 'withdrawn', run: 'replace' })
    expect((await store.read(SNAPSHOT))?.etag).toBe(before)
    slow.release()
    await withdrawal
    await land(store, THINGS, NEXT, things(3))
    await loadOnce(store, 'next')
    const rows = await plainRows((await store.read(SNAPSHOT))?.bytes ?? new Uint8Array())
    expect(rows).toHaveLength(3)
    expect(await faults(store)).toEqual([])
  },
)
