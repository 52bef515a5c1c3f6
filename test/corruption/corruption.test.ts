import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Engine, openEngine } from '../../lib/transform/engine.ts'
import { cases, figure, IS_FULL, limitFor } from '../guarantees/proof.ts'
import { DAMAGES } from './damages.ts'
import { diskVault } from './disk-vault.ts'
import { type Fate, fateOf, refusalOf } from './fate.ts'
import { entityOf, KINDS, type Kind } from './kinds.ts'
import { randomFrom } from './random.ts'
import { s3Vault } from './s3-vault.ts'
import { openStand, type Stand, victimOf } from './stand.ts'
import type { Vault } from './vault.ts'
import { buildWorlds, type World, type Worlds } from './world.ts'

/** In the suite on disk, each way to damage each kind of object once. */
const TOTAL = cases('corruption', { suite: 300, full: 2_000, largest: 10_000 })
/** What happens most at rest, many times more, each at another place. */
const SMALL = cases('corruption-small', { suite: 500, full: 2_000, largest: 10_000 })
const SMALL_WAYS = ['a flipped bit', 'truncation'] as const
const LIMIT = limitFor(60, 360)

/**
 * Whatever is damaged in an object, its reader is told the same, so that of many damages every other one is followed to the
 * end. The others are seen to be told to whoever reads the object, and to whoever wants its file for the engine.
 */
const FOLLOWED = IS_FULL ? 2 : 1

/** Where, and what share of the damages: a bucket costs more, and what is above the store is the same. */
const PLACES: readonly (readonly [string, (world: World) => Promise<Vault>, number])[] = [
  ['on disk', diskVault, 0.84],
  ['in a bucket', s3Vault, 0.16],
]

let engine: Engine
let worlds: Worlds
const counts = {
  damages: 0,
  'flipped bits and truncations besides': 0,
  'followed to the end': 0,
  stopped: 0,
  healed: 0,
  harmless: 0,
  'silently wrong': 0,
}
beforeAll(async () => {
  engine = await openEngine({ threads: 1 })
  worlds = await buildWorlds(engine)
})
afterAll(async () => {
  await engine.close()
  figure('corruption', counts)
})

/** What is done to which kind of object in a case, and whether it is followed to the end. */
interface Case {
  readonly number: number
  readonly way: string
  readonly isFollowed: boolean
}

const turnOf = (number: number): number => Math.floor(number / KINDS.length)
const kindIn = (number: number): Kind => KINDS[number % KINDS.length] ?? 'manifest'

/** One damage: its number decides what is damaged, and where. Its fate; the trace begins with what it was. */
async function trial(stand: Stand, { number, way, isFollowed }: Case): Promise<Fate> {
  const [kind, damage] = [kindIn(number), DAMAGES[way]]
  const random = randomFrom(number)
  let hurt: readonly string[] = []
  while (hurt.length === 0) hurt = (await damage?.(stand.vault, victimOf(stand, kind, random), random)) ?? []
  const [key = ''] = hurt
  const target = { kind, entity: entityOf(key), hurt }
  const { outcome, trace } = await (isFollowed ? fateOf(stand, target) : refusalOf(stand, target))
  await stand.vault.reset()
  return { outcome, trace: [`case ${number}, ${kind}: ${way}`, ...hurt, ...trace] }
}

/** A warehouse in which all is loaded, and one in which something waits, each for the kinds of objects that it has. */
async function openStands(open: (typeof PLACES)[number][1]) {
  const settled = await openStand(open, worlds.settled, engine)
  const waiting = await openStand(open, worlds.waiting, engine)
  return {
    of: (kind: Kind): Stand => (kind.startsWith('waiting') ? waiting : settled),
    close: async (): Promise<void> => {
      await settled.vault.close()
      await waiting.vault.close()
    },
  }
}

describe.each(PLACES)('a warehouse %s, damaged behind its store’s back', (_, open, share) => {
  let stands: Awaited<ReturnType<typeof openStands>>
  beforeAll(async () => {
    stands = await openStands(open)
  })
  afterAll(() => stands.close())

  /** Tries so many cases; the traces of those that nobody was told of. */
  const tried = async (total: number, caseOf: (number: number) => Case) => {
    const wrong: string[] = []
    for (let number = 0; number < Math.round(total * share); number++) {
      const { outcome, trace } = await trial(stands.of(kindIn(number)), caseOf(number))
      counts[outcome]++
      if (outcome === 'silently wrong') wrong.push(trace.join('\n  '))
    }
    return wrong
  }

  test('names the damage before it is used, or makes it good', { timeout: LIMIT }, async () => {
    const ways = Object.keys(DAMAGES)
    const wrong = await tried(TOTAL, (number) => {
      const [way = '', isFollowed] = [ways[turnOf(number) % ways.length], turnOf(number) % FOLLOWED === 0]
      counts.damages++
      if (isFollowed) counts['followed to the end']++
      return { number, way, isFollowed }
    })
    expect(wrong).toEqual([])
  })

  test('names every flipped bit and every truncation to whoever reads', { timeout: LIMIT }, async () => {
    const wrong = await tried(SMALL, (number) => {
      counts['flipped bits and truncations besides']++
      return { number, way: SMALL_WAYS[turnOf(number) % 2] ?? '', isFollowed: false }
    })
    expect(wrong).toEqual([])
  })
})
