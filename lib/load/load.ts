import type { Day } from '../core/day.ts'
import type { Entity, EventFacts } from '../core/entity.ts'
import { isError } from '../core/errors.ts'
import type { Place } from '../core/keys.ts'
import { type CommittedDay, committedDays } from '../core/manifest.ts'
import type { ObjectStore } from '../core/ports.ts'
import type { CandidateReceipt } from '../core/receipt.ts'
import { shapeOf } from '../core/shape.ts'
import { buildCandidate, storedCandidates } from './candidate.ts'
import { type CommitFacts, commit } from './commit.ts'
import { type Desk, openDesk } from './desk.ts'
import { observedDays, observedRuns, publishEvents, storeObservation } from './events.ts'
import { type Judgement, judge, type Refusal } from './judge.ts'
import { completeLandings, type Landing } from './landing.ts'
import { reconcile } from './reconcile.ts'
import type { DayChanges, LoadEngine } from './transforms.ts'

/** A day that is complete and not committed, and why. What a later day refuted asks for nobody. */
export interface HeldDay extends Refusal {
  readonly dt: Day
  readonly candidate: string
}

/** What a load did: the days it committed, those it holds, and how many objects it published. */
export interface LoadResult {
  readonly committed: readonly CommittedDay[]
  readonly held: readonly HeldDay[]
  readonly published: number
  /** What the day asked for did; null when this load did not fold it. */
  readonly changes: DayChanges | null
}

/** Runs work at a desk of its own: what the engine keeps for it ends with it. `isTrusting` is the desk’s. */
export async function atDesk<T>(
  store: ObjectStore,
  engine: LoadEngine,
  entity: Entity,
  site: string,
  work: (desk: Desk) => Promise<T>,
  isTrusting = true,
): Promise<T> {
  const shape = shapeOf(entity)
  const transforms = await engine.transforms(shape)
  try {
    return await work(openDesk(store, transforms, shape, { entity: entity.name, site }, isTrusting))
  } finally {
    await transforms.close()
  }
}

/** The receipts of all candidates whose day has no manifest, in order of day. */
export async function heldCandidates(
  store: ObjectStore,
  at: Place,
  days: readonly CommittedDay[],
): Promise<readonly CandidateReceipt[]> {
  const closed = new Set(days.map((day) => day.dt))
  const read = [...(await storedCandidates(store, at, (dt) => !closed.has(dt)))]
  return read.sort((a, b) => (a.dt === b.dt ? a.observedFrom - b.observedFrom : a.dt < b.dt ? -1 : 1))
}

/** Makes the candidates of landings that none was made of yet. A landing that does not hold what it says is reported as held. */
async function gatherCandidates(desk: Desk, days: readonly CommittedDay[]): Promise<readonly HeldDay[]> {
  const closed = new Set(days.map((day) => day.dt))
  const landings = await completeLandings(desk.store, desk.at, (dt) => !closed.has(dt))
  const there = await heldCandidates(desk.store, desk.at, days)
  const made = new Set(there.flatMap((receipt) => receipt.shards.map((shard) => `${shard.dt}/${shard.run}`)))
  const broken: HeldDay[] = []
  for (const landing of landings.filter(({ dt, run }) => !made.has(`${dt}/${run}`))) {
    const failure = await unlessBroken(landing, async () => void (await buildCandidate(desk, landing.shards)))
    if (failure !== undefined) broken.push(failure)
  }
  return broken
}

/** A landing that does not hold what its receipts say is reported, and harms no other. */
async function unlessBroken(landing: Landing, work: () => Promise<void>): Promise<HeldDay | undefined> {
  try {
    if (landing.damage !== null) throw landing.damage
    await work()
    return undefined
  } catch (error) {
    if (!isError(error, 'incomplete', 'corrupt-object')) throw error
    return { dt: landing.dt, candidate: '', verdict: 'incomplete', reason: error.message, refutedBy: null }
  }
}

/** Of what could not be used, the days that no other reading has closed. */
const stillOpen = (broken: readonly HeldDay[], closed: readonly Day[]): readonly HeldDay[] =>
  broken.filter(({ dt }) => !closed.includes(dt))

/**
 * Judges a candidate whose bytes are those that its receipt names: nothing else is ever committed. A damaged one is held; it
 * harms no other day, and another reading of its day may take its place. No later day refutes it: what it said is not known.
 */
async function unlessDamaged(
  desk: Desk,
  { dt, sha256 }: CandidateReceipt,
  work: () => Promise<Judgement>,
): Promise<Judgement> {
  try {
    await desk.candidate(dt, sha256)
  } catch (error) {
    if (!isError(error, 'corrupt-object')) throw error
    return { verdict: 'incomplete', reason: error.message, refutedBy: null }
  }
  return work()
}

/** Commits, in order of day, every held candidate that passes; after each commit those before it are judged again. */
async function commitHeld(desk: Desk, run: string): Promise<{ committed: CommittedDay[]; held: HeldDay[] }> {
  const committed: CommittedDay[] = []
  for (;;) {
    const days = await committedDays(desk.store, desk.at)
    const held: HeldDay[] = []
    let progress: CommittedDay | undefined
    for (const receipt of await heldCandidates(desk.store, desk.at, days)) {
      const judgement = await unlessDamaged(desk, receipt, () => judge(desk, days, receipt))
      if (judgement.verdict === 'complete') {
        progress = await commitOne(desk.store, receipt, run, judgement)
        break
      }
      held.push({ dt: receipt.dt, candidate: receipt.sha256, ...judgement })
    }
    if (progress === undefined) return { committed, held }
    committed.push(progress)
  }
}

async function commitOne(
  store: ObjectStore,
  receipt: CandidateReceipt,
  run: string,
  judgement: Judgement & { verdict: 'complete' },
): Promise<CommittedDay> {
  const facts: CommitFacts = { run, note: judgement.note }
  // Lost to another run: the day is committed all the same, by a reading as complete as ours.
  await commit(store, receipt, facts)
  return { dt: receipt.dt, version: 1 }
}

/** Judges what is held, commits what passes, and publishes: how every load and every correction ends. */
export async function finishLoad(desk: Desk, run: string, dt?: Day): Promise<LoadResult> {
  const { committed, held } = await commitHeld(desk, run)
  const { objects, changes } = await reconcile(desk)
  return {
    committed,
    held,
    published: objects,
    changes: (dt === undefined ? undefined : changes.get(dt)) ?? null,
  }
}

/** Stores the landings of events that no observation holds yet, and publishes the months they touch. */
async function loadEvents(desk: Desk, facts: EventFacts): Promise<LoadResult> {
  const landings = await completeLandings(desk.store, desk.at, () => true)
  const stored = await observedRuns(desk, new Set(landings.map(({ dt }) => dt)))
  const committed: CommittedDay[] = []
  const held: HeldDay[] = []
  const months: string[] = []
  for (const landing of landings.filter(({ dt, run }) => !stored.has(`${dt}/${run}`))) {
    const failure = await unlessBroken(landing, async () => {
      months.push(...(await storeObservation(desk, facts, landing)).months)
    })
    if (failure === undefined) committed.push({ dt: landing.dt, version: 1 })
    else held.push(failure)
  }
  return {
    committed,
    held: stillOpen(held, await observedDays(desk.store, desk.at)),
    published: await publishEvents(desk, facts, months),
    changes: null,
  }
}

/**
 * Loads an entity: commits, in order of day, every complete landing without a manifest (tonight's and those that a crash
 * left behind), then brings all published objects in line with the manifests. Running it again, or twice at once,
 * changes nothing. `dt` is the day whose changes are counted.
 */
export function load(
  store: ObjectStore,
  engine: LoadEngine,
  entity: Entity,
  site: string,
  run: string,
  dt?: Day,
): Promise<LoadResult> {
  return atDesk(store, engine, entity, site, async (desk) => {
    if (entity.event !== undefined) return loadEvents(desk, entity.event)
    const broken = await gatherCandidates(desk, await committedDays(store, desk.at))
    const done = await finishLoad(desk, run, dt)
    const closed = done.committed.map((day) => day.dt)
    return { ...done, held: [...stillOpen(broken, closed), ...done.held] }
  })
}

/**
 * Publishes everything anew from primary objects alone: derived objects that are damaged, lost, or not what they should be
 * come back. Each is made again; history is written anew, any other where it is not the same, byte for byte.
 * The number of objects written.
 */
export function rebuild(
  store: ObjectStore,
  engine: LoadEngine,
  entity: Entity,
  site: string,
): Promise<number> {
  const { event } = entity
  const work = async (desk: Desk): Promise<number> =>
    event === undefined ? (await reconcile(desk)).objects : publishEvents(desk, event, [])
  return atDesk(store, engine, entity, site, work, false)
}
