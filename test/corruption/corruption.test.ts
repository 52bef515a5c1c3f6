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

const TOTAL = cases('corruption', { suite: 500, full: 2_000, largest: 10_000 })
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
  'followed to the end': 0,
  stopped: 0,
  healed: 0,
  harmless: 0,
  'silently wrong': 0,
}
beforeAll(async () => {
  engine = await openEngine()
  worlds = await buildWorlds(engine)
})
afterAll(async () => {
  await engine.close()
  figure('corruption', counts)
})

/** One damage: its number decides what is damaged and how. Its fate; the trace begins with what it was. */
async function trial(stand: Stand, number: number, kind: Kind): Promise<Fate> {
  const ways = Object.entries(DAMAGES)
  const turn = Math.floor(number / KINDS.length)
  const [name, damage] = ways[turn % ways.length] ?? ['', undefined]
  const isFollowed = turn % FOLLOWED === 0
  const random = randomFrom(number)
  let hurt: readonly string[] = []
  while (hurt.length === 0) hurt = (await damage?.(stand.vault, victimOf(stand, kind, random), random)) ?? []
  const [key = ''] = hurt
  const target = { kind, entity: entityOf(key), hurt }
  const { outcome, trace } = await (isFollowed ? fateOf(stand, target) : refusalOf(stand, target))
  await stand.vault.reset()
  if (isFollowed) counts['followed to the end']++
  return { outcome, trace: [`case ${number}, ${kind}: ${name}`, ...hurt, ...trace] }
}

describe.each(PLACES)('a warehouse %s, damaged behind its store’s back', (_, open, share) => {
  test('names the damage before it is used, or makes it good', { timeout: LIMIT }, async () => {
    const settled = await openStand(open, worlds.settled, engine)
    const waiting = await openStand(open, worlds.waiting, engine)
    const wrong: string[] = []
    for (let number = 0; number < Math.round(TOTAL * share); number++) {
      const kind = KINDS[number % KINDS.length] ?? 'manifest'
      const stand = kind.startsWith('waiting') ? waiting : settled
      const { outcome, trace } = await trial(stand, number, kind)
      counts.damages++
      counts[outcome]++
      if (outcome === 'silently wrong') wrong.push(trace.join('\n  '))
    }
    await settled.vault.close()
    await waiting.vault.close()
    expect(wrong).toEqual([])
  })
})
