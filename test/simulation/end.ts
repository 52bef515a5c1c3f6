import { addDays } from '../../lib/core/day.ts'
import type { Entity } from '../../lib/core/entity.ts'
import { AREAS, type Area, keys, type Place, parseKey } from '../../lib/core/keys.ts'
import { committedDays } from '../../lib/core/manifest.ts'
import type { CandidateReceipt } from '../../lib/core/receipt.ts'
import { completeLandings } from '../../lib/load/landing.ts'
import { type LoadResult, load, rebuild } from '../../lib/load/load.ts'
import { verify } from '../../lib/verify/verify.ts'
import { night, start } from './actors.ts'
import { CALM } from './faults.ts'
import { isMassLoss } from './mass-loss.ts'
import { type CommittedReading, committedReadings, observedReadings, rowsText } from './oracle.ts'
import { plainRows } from './plain-file.ts'
import { nowOf, type SimulatedSite } from './site.ts'
import { beginOf, type World } from './world.ts'

const DERIVED = Object.keys(AREAS).filter((area) => AREAS[area as Area] === 'derived')
const isDerived = (key: string): boolean => DERIVED.includes(parseKey(key)?.area ?? '')

/** The keys of everything published of a place. */
async function publishedKeys({ shared }: World, { entity, site }: Place): Promise<string[]> {
  const lists = DERIVED.map((area) => shared.objects.list(`${area}/entity=${entity}/site=${site}/`))
  return (await Promise.all(lists)).flat().map(({ key }) => key)
}

/** Holds everything published of a place to the oracle, key by key. */
async function checkPublished(world: World, at: Place, when: string): Promise<void> {
  const expected = world.watch.expected(at)
  const there = await publishedKeys(world, at)
  for (const key of new Set([...there, ...expected.keys()])) {
    const object = await world.shared.objects.read(key)
    const found = object === undefined ? undefined : rowsText(await plainRows(object.bytes))
    const wanted = expected.get(key)
    if (found !== wanted) world.watch.wrongs.push(`${when}, ${key} is\n${found}\nand should be\n${wanted}`)
  }
}

/** Every job of the site must be known, with its end. */
async function checkJobs({ shared, watch }: World, site: SimulatedSite): Promise<void> {
  const rows = (await observedReadings(shared.objects, { entity: 'jobs', site: site.slug })).flatMap(
    (each) => each.rows,
  )
  for (const [id, { end }] of nowOf(site).jobs) {
    const sights = rows.filter((row) => row['id'] === id)
    if (sights.length === 0) watch.wrongs.push(`at the end, job ${id} of ${site.slug} was never seen`)
    else if (end !== null && !sights.some((row) => row['ended_at'] != null))
      watch.wrongs.push(`at the end, the end of job ${id} of ${site.slug} was never seen`)
  }
}

/** What is complete and not committed must be held, and held for a reason. */
async function checkHeld(world: World, at: Place, { held }: LoadResult): Promise<void> {
  if (at.entity === 'jobs') return
  const { objects } = world.shared
  const closed = new Set((await committedDays(objects, at)).map(({ dt }) => dt))
  for (const { dt, damage } of await completeLandings(objects, at, (each) => !closed.has(each))) {
    if (damage === null && !held.some((day) => day.dt === dt))
      world.watch.wrongs.push(`at the end, ${at.entity} of ${dt} is complete, and neither committed nor held`)
  }
  const taken = (await committedReadings(objects, at)).filter(({ rows }) => rows !== null)
  for (const { dt, candidate } of held.filter(({ verdict }) => verdict === 'guarded')) {
    const object = await objects.read(keys.candidate(at, dt, candidate))
    const rows = await plainRows(object?.bytes ?? new Uint8Array())
    const before = taken.findLast((each) => each.dt < dt)
    const reading = { dt, rows, manifest: undefined as never }
    if (!isMassLoss(at.entity, taken, before, reading, 'from'))
      world.watch.wrongs.push(`at the end, ${at.entity} of ${dt} is held for no reason`)
  }
  await checkDisordered(world, at, taken, held)
}

/** When all is whole again, a reading is incomplete only where the days beside it leave no place for it. */
async function checkDisordered(
  { shared, watch }: World,
  at: Place,
  taken: readonly CommittedReading[],
  held: LoadResult['held'],
): Promise<void> {
  for (const { dt, candidate } of held.filter(
    (day) => day.verdict === 'incomplete' && day.candidate !== '',
  )) {
    const object = await shared.objects.read(keys.candidateReceipt(at, dt, candidate))
    const { observedFrom }: CandidateReceipt = JSON.parse(new TextDecoder().decode(object?.bytes))
    const before = taken.findLast((each) => each.dt < dt)?.manifest.observedFrom ?? 0
    const after = taken.find((each) => each.dt > dt)?.manifest.observedFrom ?? Number.POSITIVE_INFINITY
    if (before < observedFrom && observedFrom < after)
      watch.wrongs.push(`at the end, ${at.entity} of ${dt} counts as incomplete, and could be committed`)
  }
}

/** The days that were read before the day before them: two loads at the same moment can let that pass. */
async function disorders({ shared }: World, at: Place): Promise<readonly string[]> {
  const taken = (await committedReadings(shared.objects, at)).filter(({ rows }) => rows !== null)
  return taken.flatMap(({ dt, manifest }, i) => {
    const before = taken[i - 1]?.manifest.observedFrom ?? 0
    return before < manifest.observedFrom ? [] : [keys.manifest(at, dt, manifest.version)]
  })
}

async function checkAcknowledged(
  { acknowledged, shared, watch }: World,
  { entity, site }: Place,
): Promise<void> {
  if (entity === 'jobs') return
  const there = new Set((await committedDays(shared.objects, { entity, site })).map(({ dt }) => dt))
  for (const day of acknowledged) {
    const [ofEntity, ofSite, dt = ''] = day.split('/')
    if (ofEntity === entity && ofSite === site && !there.has(dt))
      watch.wrongs.push(`at the end, ${day} is lost, and was reported as committed`)
  }
}

/** Everything is right already: one more load must write nothing. */
async function checkIdle(world: World, entity: Entity, site: string): Promise<LoadResult> {
  const { objects } = world.shared
  const etags = async () =>
    (
      await Promise.all(
        ['manifest', 'candidate', 'observation', ...DERIVED].map((area) => objects.list(`${area}/`)),
      )
    )
      .flat()
      .map(({ key, etag }) => `${key} ${etag}`)
      .join('\n')
  const before = await etags()
  const result = await load(objects, world.engine, entity, site, 'idle')
  if (result.published > 0 || result.committed.length > 0 || (await etags()) !== before)
    world.watch.wrongs.push(`a load of ${entity.name} after a clean one wrote something`)
  return result
}

/** Everything derived is thrown away and made again. */
async function checkRebuilt(world: World, entity: Entity, at: Place): Promise<void> {
  for (const key of await publishedKeys(world, at)) await world.shared.objects.remove(key)
  await load(world.shared.objects, world.engine, entity, at.site, 'again')
  await checkPublished(world, at, 'rebuilt')
}

/** Nothing is left to say but that days were read out of order, and that of each such day. */
async function checkVerified(world: World): Promise<void> {
  const places = world.entities.flatMap(({ name }) =>
    world.sites.map(({ slug }) => ({ entity: name, site: slug })),
  )
  const disordered = new Set((await Promise.all(places.map((at) => disorders(world, at)))).flat())
  for await (const finding of verify(world.shared.objects, world.engine, world.entities, undefined)) {
    if (finding.level !== 'ok' && !disordered.delete(finding.key))
      world.watch.wrongs.push(`verify says of ${finding.key}: ${finding.level}, ${finding.message}`)
  }
  for (const key of disordered) world.watch.wrongs.push(`verify does not say that ${key} is out of order`)
}

/** What rotted among the derived objects is named by `verify`, and made again by a rebuild. */
async function healRot(world: World, calm: World): Promise<void> {
  const { shared, engine, watch } = world
  shared.swapped.clear()
  for (const key of shared.rotten) if (!isDerived(key)) shared.rotten.delete(key)
  if (shared.rotten.size === 0) return
  await start(calm, 'verifier', async ({ store }) => {
    const named = new Set<string>()
    for await (const { key } of verify(store, engine, world.entities, undefined)) named.add(key)
    for (const key of shared.rotten)
      if (!named.has(key)) watch.wrongs.push(`verify does not name ${key}, which rotted`)
    for (const entity of world.entities)
      for (const { slug } of world.sites) await rebuild(store, engine, entity, slug)
  })
}

/** One clean night later nothing may be left of all that went wrong. */
export async function healed(world: World): Promise<void> {
  const calm: World = { ...world, mix: CALM, day: addDays(world.day, 1) }
  const waits = [healRot(world, calm)]
  await calm.turns.run()
  await Promise.all(waits)
  for (const site of world.sites) {
    const done = start(calm, `last-${site.slug}`, (self) => night(calm, self, site, `last-${site.slug}`))
    await calm.turns.run()
    await done
    if (world.entities.some(({ event }) => event !== undefined)) await checkJobs(world, site)
    for (const entity of world.entities) {
      const at = { entity: entity.name, site: site.slug }
      await checkPublished(world, at, `after a clean night (${new Date(beginOf(calm.day)).toISOString()})`)
      await checkHeld(world, at, await checkIdle(world, entity, site.slug))
      await checkAcknowledged(world, at)
      await checkRebuilt(world, entity, at)
    }
  }
  await checkVerified(world)
}
