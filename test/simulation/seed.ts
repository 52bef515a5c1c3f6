import { memoryStore } from '../../lib/adapters/memory/store.ts'
import { addDays } from '../../lib/core/day.ts'
import type { Entity } from '../../lib/core/entity.ts'
import { entityNamed } from '../../lib/entities/index.ts'
import type { LoadEngine } from '../../lib/load/transforms.ts'
import { LINKS } from '../load/toy.ts'
import { accepts, corrects, ENTITIES, lands, loads, night, type Process, rebuilds, start } from './actors.ts'
import { type Chance, chanceOf } from './chance.ts'
import { healed } from './end.ts'
import { type FaultMix, faultMix } from './faults.ts'
import { newSite, passDay, type SimulatedSite } from './site.ts'
import type { SharedStore, Written } from './store.ts'
import { openTurns, paced } from './turns.ts'
import { openWatch } from './watch.ts'
import { beginOf, type World } from './world.ts'

/** What a seed came to: everything that was wrong, and how much was tried. */
export interface SeedResult {
  readonly seed: number
  readonly wrongs: readonly string[]
  readonly operations: number
  readonly processes: number
}

type Work = (world: World, self: Process, site: SimulatedSite) => Promise<void>

/** What may happen beside the nights of a day, and how likely. */
const BESIDE: readonly (readonly [name: string, probability: number, work: Work])[] = [
  ['again', 0.25, (world, self, site) => night(world, self, site, self.name)],
  ['load', 0.4, loads],
  ['correct', 0.35, corrects],
  ['correct-too', 0.25, corrects],
  ['accept', 0.35, accepts],
  ['rebuild', 0.12, rebuilds],
  ['monitor', 0.3, (world, self, site) => lands(world, self, site, entityNamed('jobs'))],
  ['partly', 0.3, (world, self, site) => lands(world, self, site, LINKS)],
]

/** What comes besides where days come back: what goes wrong there needs a withdrawal, the return of its day and a load at once. */
const WHERE_DAYS_COME_BACK: typeof BESIDE = [
  ['correct-again', 0.7, corrects],
  ['correct-anew', 0.7, corrects],
  ['correct-still', 0.5, corrects],
  ['load-too', 0.7, loads],
]

/** How much a seed plays: `small` is one entity of one site over two days, for an engine that takes real time. */
export type Size = 'large' | 'small'

const entitiesOf = (size: Size, seed: number): readonly Entity[] =>
  size === 'large' ? ENTITIES : ENTITIES.filter((_, i) => i === seed % ENTITIES.length)

function newWorld(seed: number, chance: Chance, engine: LoadEngine, size: Size): World {
  const objects = memoryStore()
  const turns = openTurns(chance, chance.pick([0, 0.5, 0.9, 0.98]))
  const watch = openWatch(objects)
  const shared: SharedStore = {
    objects,
    rotten: new Set(),
    swapped: new Map(),
    keys: new Set(),
    operations: 0,
    written: async (write: Written) => {
      shared.keys.add(write.key)
      await watch.written(write)
    },
    removed: watch.removed,
  }
  const day = addDays('2026-10-20', seed % 20)
  const slugs = size === 'large' && chance.flip(0.2) ? ['alpha', 'beta'] : ['alpha']
  const mix = faultMix(chance)
  return {
    chance,
    turns,
    mix,
    bringsBack: bringsBack(seed, mix),
    shared,
    watch,
    sites: slugs.map((slug) => newSite(slug, chance, beginOf(day))),
    engine: {
      transforms: (shape) => turns.busy(async () => paced(turns, await engine.transforms(shape))),
    },
    entities: entitiesOf(size, seed),
    day,
    ticks: 0,
    acknowledged: new Set(),
  }
}

/**
 * Days come back on some seeds, and no other seed plays otherwise for it. Not where a process may stop at any moment: what
 * a stalled withdrawal wrote is put right by that process alone, until somebody verifies and rebuilds.
 */
const bringsBack = (seed: number, { dies, breaks, failsBefore, failsAfter }: FaultMix): boolean =>
  seed % 3 === 0 && dies + breaks + failsBefore + failsAfter === 0

/** Objects that are held to a SHA-256 which another object names. */
const isNamedByHash = (key: string): boolean =>
  key.endsWith('.parquet') && /^(?:candidate|observation|landing)\//.test(key)

/** Puts the bytes of one object in the place of another of the same kind. */
async function swap({ chance, shared }: World): Promise<void> {
  const keys = [...shared.keys].filter(isNamedByHash)
  if (keys.length === 0) return
  const key = chance.pick(keys)
  const [area = ''] = key.split('/site=')
  const other = await shared.objects.read(chance.pick(keys.filter((each) => each.startsWith(area))))
  if (other !== undefined) shared.swapped.set(key, other)
}

/** Bits rot in some object, or another's bytes lie in its place; or it comes back from its backup. */
function rot(world: World): void {
  const { chance, mix, shared } = world
  if (mix.rots === 0) return
  if (chance.flip(mix.rots / 2)) void swap(world)
  for (const key of shared.swapped.keys()) if (chance.flip(0.02)) shared.swapped.delete(key)
  const keys = [...shared.keys].filter((key) => !key.startsWith('lease/'))
  if (keys.length > 0 && chance.flip(mix.rots)) shared.rotten.add(chance.pick(keys))
  for (const key of shared.rotten) if (chance.flip(0.02)) shared.rotten.delete(key)
}

/** Starts what a day brings: the nights of each site, some of them twice, and whatever comes beside them. */
function startDay(world: World, number: number): Promise<void>[] {
  const { chance, sites } = world
  return sites.flatMap((site) => {
    const run = `night-${number}-${site.slug}`
    const nights = chance.flip(0.2) ? [`${run}-a`, `${run}-b`] : [run]
    const started = nights.map((name) => start(world, name, (self) => night(world, self, site, run)))
    const mayCome = world.bringsBack ? [...BESIDE, ...WHERE_DAYS_COME_BACK] : BESIDE
    const beside = mayCome
      .filter(([, probability]) => chance.flip(probability))
      .map(([name, , work]) =>
        start(world, `${name}-${number}-${site.slug}`, async (self) => {
          // It comes when it comes: most of what it can disturb is under way only for a moment.
          for (let left = chance.below(100); left > 0; left--) await world.turns.wait(self.name)
          await work(world, self, site)
        }),
      )
    return [...started, ...beside]
  })
}

/** Plays one seed to its end. */
export async function playSeed(seed: number, engine: LoadEngine, size: Size): Promise<SeedResult> {
  const chance = chanceOf(seed)
  const world = newWorld(seed, chance, engine, size)
  const all: Promise<void>[] = []
  const days = size === 'small' ? 2 : 2 + chance.below(3)
  for (let number = 0; number < days; number++) {
    if (number > 0) world.day = addDays(world.day, chance.flip(0.1) ? 9 : 1)
    if (number > 0) for (const site of world.sites) passDay(site, chance, beginOf(world.day))
    all.push(...startDay(world, number))
    // Some of what a day began may still run when the next begins.
    let left = chance.flip(0.4) ? chance.below(120) : Number.POSITIVE_INFINITY
    await world.turns.run(() => {
      rot(world)
      return left-- <= 0
    })
  }
  await world.turns.run(() => {
    rot(world)
    return false
  })
  await Promise.all(all)
  if (world.watch.wrongs.length === 0) await healed(world)
  const { wrongs } = world.watch
  return { seed, wrongs, operations: world.shared.operations, processes: all.length }
}
