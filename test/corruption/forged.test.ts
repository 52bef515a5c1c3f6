import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Entity } from '../../lib/core/entity.ts'
import { keys } from '../../lib/core/keys.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import { load, rebuild } from '../../lib/load/load.ts'
import { type Engine, openEngine } from '../../lib/transform/engine.ts'
import { limitFor } from '../guarantees/proof.ts'
import { diskVault } from './disk-vault.ts'
import { fateOf } from './fate.ts'
import { changedOf, complaintsOf } from './findings.ts'
import { entityOf, type Kind, kindOf, OF_SITE } from './kinds.ts'
import { openStand, type Stand } from './stand.ts'
import { buildWorlds, CORRECTED, GROUPS, JOBS, LAST, MEMBERS, SITE, WITHDRAWN } from './world.ts'

const LIMIT = limitFor(10, 20)
/** More listings than any load of this world needs; one that never ends is caught here. */
const MOST_LISTINGS = 300

let engine: Engine
let settled: Stand
let waiting: Stand
beforeAll(async () => {
  engine = await openEngine({ threads: 1 })
  const worlds = await buildWorlds(engine)
  settled = await openStand(diskVault, worlds.settled, engine)
  waiting = await openStand(diskVault, worlds.waiting, engine)
})
afterAll(async () => {
  await settled.vault.close()
  await waiting.vault.close()
  await engine.close()
})

const manifestOf = (entity: { name: string }, dt: string, version = 1): string =>
  keys.manifest({ entity: entity.name, site: SITE }, dt, version)

/** The first object of a kind; of an entity when one is given. */
function first({ world }: Stand, kind: Kind, entity = ''): string {
  const found = [...world.objects.keys()].find((key) => kindOf(key) === kind && key.includes(entity))
  if (found === undefined) throw new Error(`there is no ${kind} of ${entity}`)
  return found
}

const bytesAt = ({ world }: Stand, key: string): Uint8Array => world.objects.get(key) ?? new Uint8Array()

/** The object as a later version of Almanac might write it. */
function ofFormatTwo(stand: Stand, key: string): Uint8Array {
  const value: object = JSON.parse(Buffer.from(bytesAt(stand, key)).toString())
  return Buffer.from(JSON.stringify({ ...value, format: 2 }))
}

function bounded(store: ObjectStore): ObjectStore {
  let listings = 0
  return {
    ...store,
    list: async (prefix) => {
      if (++listings > MOST_LISTINGS) throw new Error(`not done after ${MOST_LISTINGS} listings`)
      return store.list(prefix)
    },
  }
}

/** Writes other bytes under a key through the store, so that their record is right, and holds what follows to the promise. */
async function isNoticed(stand: Stand, key: string, bytes: Uint8Array): Promise<void> {
  await stand.vault.store.remove(key)
  await stand.vault.store.write(key, bytes, 'absent')
  const vault = { ...stand.vault, store: bounded(stand.vault.store) }
  const target = { kind: kindOf(key), entity: entityOf(key), hurt: [key], isForged: true }
  try {
    const { outcome, trace } = await fateOf({ ...stand, vault }, target)
    expect({ outcome, trace }).not.toMatchObject({ outcome: 'silently wrong' })
  } finally {
    await stand.vault.reset()
  }
}

describe('an object of a format that this version does not know', () => {
  const KINDS: readonly Kind[] = [
    'manifest',
    'held candidate receipt',
    'observation receipt',
    'site',
    'notice',
    'lease',
  ]
  test.each(KINDS)('is refused: %s', { timeout: LIMIT }, async (kind) => {
    const key = kind === 'manifest' ? manifestOf(GROUPS, LAST) : first(settled, kind)
    await isNoticed(settled, key, ofFormatTwo(settled, key))
  })

  test('is refused: waiting landing receipt', { timeout: LIMIT }, async () => {
    const key = first(waiting, 'waiting landing receipt')
    await isNoticed(waiting, key, ofFormatTwo(waiting, key))
  })

  test('is refused: runs', { timeout: LIMIT }, async () => {
    const key = first(settled, 'runs')
    await isNoticed(settled, key, ofFormatTwo(settled, key))
  })
})

/** A primary object with the bytes of another one. */
type Another = readonly [what: string, key: () => string, of: () => string]

const ANOTHERS: readonly Another[] = [
  ['the withdrawal of another day', () => manifestOf(GROUPS, LAST), () => manifestOf(GROUPS, WITHDRAWN, 2)],
  ['the manifest of another day', () => manifestOf(GROUPS, LAST), () => manifestOf(GROUPS, CORRECTED)],
  [
    'the version that was replaced',
    () => manifestOf(GROUPS, CORRECTED, 2),
    () => manifestOf(GROUPS, CORRECTED),
  ],
  [
    'the receipt of another day’s candidate for a held one',
    () => first(settled, 'held candidate receipt'),
    () => first(settled, 'candidate receipt', 'groups'),
  ],
  [
    'the receipt of another observation',
    () => first(settled, 'observation receipt'),
    () =>
      [...settled.world.objects.keys()].filter((key) => kindOf(key) === 'observation receipt').at(-1) ?? '',
  ],
]

const LANDED_ANOTHERS: readonly Another[] = [
  [
    'the receipt of another day',
    () => first(waiting, 'waiting landing receipt', '=groups/'),
    () => first(waiting, 'landing receipt', '=groups/'),
  ],
  [
    'the receipt of another entity',
    () => first(waiting, 'waiting landing receipt', '=groups/'),
    () => first(waiting, 'waiting landing receipt', '=jobs/'),
  ],
]

describe('an object with the bytes of another, rightly recorded', () => {
  test.each(ANOTHERS)('is noticed: %s', { timeout: LIMIT }, (_, key, of) =>
    isNoticed(settled, key(), bytesAt(settled, of())),
  )

  test.each(LANDED_ANOTHERS)('is noticed in landing: %s', { timeout: LIMIT }, (_, key, of) =>
    isNoticed(waiting, key(), bytesAt(waiting, of())),
  )

  test('does no harm while nothing is made of it: the manifest of another entity', { timeout: LIMIT }, () =>
    isNoticed(settled, manifestOf(MEMBERS, LAST), bytesAt(settled, manifestOf(GROUPS, LAST))),
  )

  test('is another thing than nothing: the same bytes are well', { timeout: LIMIT }, () =>
    isNoticed(settled, manifestOf(GROUPS, LAST), bytesAt(settled, manifestOf(GROUPS, LAST))),
  )
})

/** Writes a published object through the store, does what a test does, and puts everything back. */
async function planted(key: string, bytes: Uint8Array, work: () => Promise<void>): Promise<void> {
  await settled.vault.store.remove(key)
  await settled.vault.store.write(key, bytes, 'absent')
  try {
    await work()
  } finally {
    await settled.vault.reset()
  }
}

const olderOf = (key: string): Uint8Array => settled.world.older.get(key)?.[0] ?? new Uint8Array()

const PUBLISHED: readonly (readonly [kind: Kind, entity: Entity])[] = [
  ['history', GROUPS],
  ['current', GROUPS],
  ['event', JOBS],
  ['snapshot', MEMBERS],
  ['coverage', MEMBERS],
]

/** A question cannot know that what it reads is whole and old: verify says so, and loads make it good. */
describe('a published object that was put back as it once was, rightly recorded', () => {
  test.each(PUBLISHED.slice(0, 3))(
    'is named, and the next load makes it good: %s',
    {
      timeout: LIMIT,
    },
    async (kind, entity) => {
      const key = first(settled, kind, `=${entity.name}/`)
      await planted(key, olderOf(key), async () => {
        expect((await complaintsOf(settled, entity)).join()).toContain(key)
        await load(settled.vault.store, engine, entity, SITE, 'test')
        expect(await changedOf(settled, entity)).toEqual([])
      })
    },
  )

  test('is named, and a rebuild makes it good: the snapshot of a corrected day', {
    timeout: LIMIT,
  }, async () => {
    const key = keys.snapshot({ entity: GROUPS.name, site: SITE }, CORRECTED)
    await planted(key, olderOf(key), async () => {
      expect((await complaintsOf(settled, GROUPS)).join()).toContain(key)
      await rebuild(settled.vault.store, engine, GROUPS, SITE)
      expect(await changedOf(settled, GROUPS)).toEqual([])
    })
  })
})

describe('a published object that is another thing, rightly recorded', () => {
  test.each(PUBLISHED)(
    'is made good by a rebuild where it is no Parquet: %s',
    {
      timeout: LIMIT,
    },
    async (kind, entity) => {
      await planted(first(settled, kind, `=${entity.name}/`), new Uint8Array([1, 2, 3]), async () => {
        await rebuild(settled.vault.store, engine, entity, SITE)
        expect(await changedOf(settled, entity)).toEqual([])
      })
    },
  )

  test('is made good by a rebuild: the coverage of a day in the place of its snapshot', {
    timeout: LIMIT,
  }, async () => {
    const at = { entity: MEMBERS.name, site: SITE }
    await planted(keys.snapshot(at, LAST), bytesAt(settled, keys.coverage(at, LAST)), async () => {
      await rebuild(settled.vault.store, engine, MEMBERS, SITE)
      expect(await changedOf(settled, MEMBERS)).toEqual([])
    })
  })
})

test('every kind of object of a site is used by somebody', () => {
  expect(OF_SITE.map((kind) => kindOf(first(settled, kind)))).toEqual(OF_SITE)
})
