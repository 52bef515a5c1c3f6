import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Entity } from '../../lib/core/entity.ts'
import { keys, parseKey } from '../../lib/core/keys.ts'
import { readManifest } from '../../lib/core/manifest.ts'
import { replaceDay, withdrawDay } from '../../lib/load/correct.ts'
import { load, rebuild } from '../../lib/load/load.ts'
import { type Engine, openEngine } from '../../lib/transform/engine.ts'
import type { Finding } from '../../lib/verify/finding.ts'
import { cases, figure, limitFor } from '../guarantees/proof.ts'
import { DAMAGES, markOf } from './damages.ts'
import { diskVault } from './disk-vault.ts'
import { changedOf, findingsOf } from './findings.ts'
import { entityOf, isDerived, KINDS, kindOf, OF_SITE } from './kinds.ts'
import { randomFrom } from './random.ts'
import { openStand, type Stand, victimOf } from './stand.ts'
import { buildWorlds, CORRECTED, FIRST, GROUPS, HELD, JOBS, LAST, MEMBERS, SITE, STORED } from './world.ts'

const ROUNDS = cases('verify-names', { suite: 1, full: 10 })
const LIMIT = limitFor(15, 120)

let engine: Engine
let stand: Stand
beforeAll(async () => {
  engine = await openEngine({ threads: 1 })
  stand = await openStand(diskVault, (await buildWorlds(engine)).waiting, engine)
})
afterAll(async () => {
  await stand.vault.close()
  await engine.close()
})

const findings = (entities: readonly Entity[] = STORED) => findingsOf(stand, entities)

const isWell = (found: readonly Finding[]): boolean => found.every(({ level }) => level === 'ok')

/** Gives an object back as a backup has it. */
async function restore(key: string): Promise<void> {
  const bytes = stand.world.objects.get(key) ?? new Uint8Array()
  await stand.vault.put(key, bytes)
  await stand.vault.mark(key, markOf(bytes))
}

const REBUILD = /^It is derived: almanac load --rebuild --select (\S+) --site (\S+) makes it again\.$/
const WITHDRAW = /almanac withdraw (\S+) --date (\S+) --reason/

const at = (entity: Entity) => ({ entity: entity.name, site: SITE })

/** Whom an object belongs to: its entity, or all where it is the site's. */
function ownersOf(key: string): readonly Entity[] {
  const own = STORED.filter(({ name }) => name === parseKey(key)?.labels['entity'])
  return own.length > 0 ? own : STORED
}

/** What is said first of an object. Throws when nothing is. */
async function findingOf(key: string): Promise<Finding> {
  const found = (await findings(ownersOf(key))).find((finding) => finding.key === key)
  if (found === undefined) throw new Error(`nothing is said of ${key}`)
  return found
}

/** Damages an object, does what a test does with what is said of it, and puts everything back. */
async function damaged(key: string, work: (found: Finding) => Promise<void>): Promise<void> {
  await stand.vault.put(key, new Uint8Array([1]))
  try {
    await work(await findingOf(key))
  } finally {
    await stand.vault.reset()
  }
}

/** Puts other bytes under a key, rightly recorded, looks at what is said of it, and puts everything back. */
async function replaced(key: string, bytes: Uint8Array, look: (found: Finding) => void): Promise<void> {
  await stand.vault.put(key, bytes)
  await stand.vault.mark(key, markOf(bytes))
  try {
    look(await findingOf(key))
  } finally {
    await stand.vault.reset()
  }
}

/** Does what a finding says is to be done about a derived object. */
async function follow({ next }: Finding): Promise<void> {
  const [, name, site = ''] = REBUILD.exec(next) ?? []
  const entity = STORED.find((each) => each.name === name)
  if (entity === undefined) throw new Error(`"${next}" names no entity`)
  await rebuild(stand.vault.store, engine, entity, site)
}

/** Damages one object of every kind of an entity, each in another way; no object twice. */
async function damageOneOfEach(round: number): Promise<readonly string[]> {
  const ways = Object.entries(DAMAGES).filter(([name]) => name !== 'a foreign file with a right name')
  const hurt = new Set<string>()
  for (const [i, kind] of KINDS.filter((each) => !OF_SITE.includes(each)).entries()) {
    const [, damage] = ways[(round + i) % ways.length] ?? []
    const random = randomFrom(round * KINDS.length + i)
    const victim = victimOf(stand, kind, random)
    if (hurt.has(victim.key) || hurt.has(victim.sibling.key)) continue
    for (const key of (await damage?.(stand.vault, victim, random)) ?? []) hurt.add(key)
  }
  return [...hurt]
}

describe('verify', () => {
  test('names every damaged object, and what it says to do about it heals', { timeout: LIMIT }, async () => {
    const counts = { damages: 0, named: 0, rebuilt: 0, restored: 0 }
    for (let round = 0; round < ROUNDS; round++) {
      const hurt = await damageOneOfEach(round)
      const found = (await findings()).filter(({ level }) => level === 'damaged')
      const named = hurt.filter((key) => found.some((finding) => finding.key === key && finding.next !== ''))
      expect([round, named]).toEqual([round, hurt])
      const derived = hurt.filter((key) => isDerived(kindOf(key)))
      const primary = hurt.filter((key) => !derived.includes(key))
      for (const { key, next } of found.filter(({ key }) => primary.includes(key)))
        expect([key, next]).toEqual([
          key,
          expect.stringMatching(
            /^It is primary .* restore |^It is temporary|^Nothing is (made|committed) of it.* restore /,
          ),
        ])
      await Promise.all(primary.map(restore))
      for (const finding of found.filter(({ key }) => derived.includes(key))) await follow(finding)
      expect([round, (await findings()).filter(({ level }) => level !== 'ok')]).toEqual([round, []])
      for (const entity of STORED) expect([round, await changedOf(stand, entity)]).toEqual([round, []])
      await stand.vault.reset()
      counts.damages += hurt.length
      counts.named += named.length
      counts.rebuilt += derived.length
      counts.restored += primary.length
    }
    figure('verify-names', counts)
  })

  test.each(OF_SITE)(
    'names a damaged object of the site, and all is well once it is removed: %s',
    {
      timeout: LIMIT,
    },
    async (kind) => {
      const { key } = victimOf(stand, kind, randomFrom(0))
      await damaged(key, async ({ entity, next }) => {
        expect([entity, next]).toEqual([kind, expect.stringMatching(/ remove it/)])
        await stand.vault.drop(key)
        expect(isWell(await findings())).toBe(true)
      })
    },
  )

  test.each(OF_SITE)(
    'names an object of the site of a format it does not know: %s',
    {
      timeout: LIMIT,
    },
    async (kind) => {
      const { key, bytes } = victimOf(stand, kind, randomFrom(0))
      const later = Buffer.from(Buffer.from(bytes).toString().replace('"format": 1', '"format": 2'))
      await replaced(key, later, ({ message }) => expect(message).toContain(`${key} is not of format 1`))
    },
  )

  test('names what says that it belongs under another key', { timeout: LIMIT }, async () => {
    const [key, other] = [LAST, FIRST].map((dt) => keys.manifest(at(GROUPS), dt, 1))
    const bytes = stand.world.objects.get(other ?? '') ?? new Uint8Array()
    await replaced(key ?? '', bytes, ({ level, message }) =>
      expect([level, message]).toEqual(['damaged', `${key} says that its dt is ${FIRST}, not ${LAST}`]),
    )
  })

  test('a day whose landing is damaged is read again, as it says', { timeout: LIMIT }, async () => {
    const { key } = victimOf(stand, 'waiting landing part', randomFrom(3))
    const entity = entityOf(key) ?? GROUPS
    await stand.vault.put(key, new Uint8Array([1]))
    const [found] = (await findings([entity])).filter((finding) => finding.key === key)
    expect(found?.next).toBe(
      'It is temporary: nothing is lost when its day is committed, else run that day again.',
    )
    // Another run lands the same rows under its own name.
    for (const [old, bytes] of stand.world.objects) {
      if (!old.startsWith(key.slice(0, key.indexOf('/run=')))) continue
      const text = Buffer.from(bytes).toString('latin1').replaceAll('run-2026-11-06', 'run-again-0006')
      const isReceipt = old.endsWith('.json')
      const fresh = isReceipt ? Buffer.from(text, 'latin1') : bytes
      await stand.vault.store.write(old.replace('run-2026-11-06', 'run-again-0006'), fresh, 'absent')
    }
    const { committed, held } = await load(stand.vault.store, engine, entity, SITE, 'again')
    expect(committed.map(({ dt }) => dt)).toEqual(['2026-11-06'])
    expect(held.filter(({ dt }) => dt === '2026-11-06')).toEqual([])
    await stand.vault.reset()
  })
})

/** A primary object that is lost without a backup. */
interface Loss {
  readonly what: string
  readonly entity: Entity
  readonly key: () => Promise<string>
}

async function candidateOf(dt: string, version: number): Promise<string> {
  const { candidate } = await readManifest(stand.vault.store, at(GROUPS), { dt, version })
  return candidate ?? ''
}

const only = (prefix: string, ending: string): string =>
  [...stand.world.objects.keys()].find((key) => key.startsWith(prefix) && key.endsWith(ending)) ?? ''

const reload = (entity: Entity) => load(stand.vault.store, engine, entity, SITE, 'test')

/** Takes the day out that a hint names. */
async function takeOut(entity: Entity, next: string): Promise<void> {
  const [, name, dt = ''] = WITHDRAW.exec(next) ?? []
  expect(name).toBe(entity.name)
  await withdrawDay(stand.vault.store, engine, entity, SITE, { dt, run: 'test', reason: 'object lost' })
}

/** Sees that all is well of an entity once what is still damaged is removed, as it says. */
async function isWellWithout(entity: Entity, key: string): Promise<void> {
  const left = (await findings([entity])).filter(({ level }) => level !== 'ok')
  expect(left.map((finding) => finding.key)).toEqual([key])
  expect(left[0]?.next).toMatch(/^Nothing is made of it any more: .* else remove it/)
  await stand.vault.drop(key)
  expect(isWell(await findings([entity]))).toBe(true)
}

const HEALED: readonly Loss[] = [
  {
    what: 'the candidate of a day',
    entity: GROUPS,
    key: async () => keys.candidate(at(GROUPS), LAST, await candidateOf(LAST, 1)),
  },
  {
    what: 'the candidate of a day of a list below parents',
    entity: MEMBERS,
    key: async () => only(`candidate/entity=group_members/site=test/dt=${FIRST}`, '.parquet'),
  },
]

const OBSERVED: readonly Loss[] = [
  { what: 'an observation', entity: JOBS, key: async () => only('observation/', '.parquet') },
  { what: 'the receipt of an observation', entity: JOBS, key: async () => only('observation/', '.json') },
]

const HELD_LOSSES = ['.parquet', '.json'].map(
  (ending): Loss => ({
    what: ending === '.json' ? 'the receipt of a held candidate' : 'a held candidate',
    entity: GROUPS,
    key: async () => only(`candidate/entity=groups/site=test/dt=${HELD}`, ending),
  }),
)

/** Objects that nothing is made of any more: to take their day out would lose a good day. */
const NEEDLESS: readonly Loss[] = [
  {
    what: 'a candidate that was replaced',
    entity: GROUPS,
    key: async () => keys.candidate(at(GROUPS), CORRECTED, await candidateOf(CORRECTED, 1)),
  },
  {
    what: 'a manifest that was replaced',
    entity: GROUPS,
    key: async () => keys.manifest(at(GROUPS), CORRECTED, 1),
  },
  {
    what: 'the receipt of a candidate whose manifest holds it',
    entity: GROUPS,
    key: async () => keys.candidateReceipt(at(GROUPS), LAST, await candidateOf(LAST, 1)),
  },
]

describe('without a backup', () => {
  test.each(HEALED)('what it says lets loads go on: $what', { timeout: LIMIT }, async ({ entity, key }) => {
    const lost = await key()
    await damaged(lost, async ({ next }) => {
      await takeOut(entity, next)
      await reload(entity)
      await rebuild(stand.vault.store, engine, entity, SITE)
      await isWellWithout(entity, lost)
    })
  })

  test('what it says gives a day back whose manifest is damaged', { timeout: LIMIT }, async () => {
    const lost = keys.manifest(at(GROUPS), LAST, 1)
    await damaged(lost, async ({ next }) => {
      await takeOut(GROUPS, next)
      const [, dt = '', replaces = ''] = / load .*--date (\S+) --replace (\S+) /.exec(next) ?? []
      const correction = { dt, replaces, run: 'test', reason: 'manifest lost' }
      await replaceDay(stand.vault.store, engine, GROUPS, SITE, correction)
      expect(await changedOf(stand, GROUPS)).toEqual([])
      await isWellWithout(GROUPS, lost)
    })
  })

  test.each(OBSERVED)('what it says lets loads go on: $what', { timeout: LIMIT }, async ({ key }) => {
    await damaged(await key(), async ({ next }) => {
      const named = [...next.matchAll(/observation\/\S+\.(?:parquet|json)/g)].map(([file]) => file)
      expect(named).toHaveLength(2)
      for (const file of named) await stand.vault.drop(file)
      await rebuild(stand.vault.store, engine, JOBS, SITE)
      await reload(JOBS)
      expect(isWell(await findings([JOBS]))).toBe(true)
    })
  })

  test.each(HELD_LOSSES)(
    'a reading that is held comes back once it is removed: $what',
    {
      timeout: LIMIT,
    },
    async ({ key }) => {
      const lost = await key()
      await damaged(lost, async ({ next }) => {
        expect(next).toMatch(/^Nothing is committed of it: .* else remove it/)
        await stand.vault.drop(lost)
        const { held } = await reload(GROUPS)
        expect(held.find(({ dt }) => dt === HELD)?.verdict).toBe('guarded')
        expect(isWell(await findings([GROUPS]))).toBe(true)
      })
    },
  )

  test('loads pass by a held candidate that is damaged', { timeout: LIMIT }, async () => {
    const lost = only(`candidate/entity=groups/site=test/dt=${HELD}`, '.parquet')
    await damaged(lost, async () => {
      const { held } = await reload(GROUPS)
      const reason = expect.stringContaining(lost)
      expect(held.find(({ dt }) => dt === HELD)).toMatchObject({ verdict: 'incomplete', reason })
    })
  })

  test.each(NEEDLESS)('no good day is to be taken out: $what', { timeout: LIMIT }, async (loss) => {
    const lost = await loss.key()
    await damaged(lost, () => isWellWithout(loss.entity, lost))
  })
})

test('the world is well while nothing is damaged', async () => {
  expect(isWell(await findings())).toBe(true)
})
