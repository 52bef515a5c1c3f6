import type { ObjectStore } from '../../lib/core/ports.ts'
import { sha256 } from '../../lib/core/sha256.ts'
import { entityNamed } from '../../lib/entities/index.ts'
import type { Engine } from '../../lib/transform/engine.ts'
import { verify } from '../../lib/verify/verify.ts'
import { LINKS, THINGS } from '../load/toy.ts'
import { copyOf } from '../system/mortal.ts'
import { failingStore, type Injection, isChange, type Mode, type Operation } from './failing-store.ts'
import { readerFaults, type States } from './readers.ts'
import type { Scene } from './scene.ts'
import { differences, type Fault, lostDays, type Struck, strike } from './strike.ts'

/** What striking a scene at every operation came to. */
export interface Tally {
  /** How many operations the work has when nothing strikes it. */
  readonly operations: number
  /** How many (operation, moment, mode) were struck. */
  readonly runs: number
  /** How many different warehouses these left, each healed by one clean run. */
  readonly states: number
  readonly faults: readonly Fault[]
}

/** How a scene is struck. */
export interface Plan {
  /** In each mode every so many reads, heads and lists are struck, and in the next mode others; 1 strikes all in all. */
  readonly stride: number
  /** The same of writes and removals, which are few and matter most. */
  readonly changes: number
  /** Makes a warehouse that holds the same objects: in memory unless given. */
  readonly copy?: (store: ObjectStore) => Promise<ObjectStore>
  /** What else a reader of such a warehouse would see that is not so. */
  readonly look?: (store: ObjectStore) => Promise<readonly string[]>
}

const MODES: readonly Mode[] = ['once', 'on', 'death']

/** A warehouse as one text: loading is a function of it. Reports of runs hold times and leases hold beats, which change nothing. */
async function fingerprint(store: ObjectStore): Promise<string> {
  const lines: string[] = []
  for (const { key } of await store.list('')) {
    const object = await store.read(key)
    const isTimed = /^(runs|lease)\//.test(key)
    lines.push(`${key} ${isTimed ? /"holder":null/.test(String(object?.bytes)) : object?.sha256}`)
  }
  return sha256(lines.join('\n'))
}

/** A warehouse before the work, what it may look like on the way, and after it; and how many operations that takes. */
interface Undisturbed {
  readonly old: ObjectStore
  readonly clean: ObjectStore
  readonly states: States
  readonly operations: readonly Operation[]
}

/** Throws when something is not as the commits say: what nothing disturbed is what all else is held against. */
async function expectWell(scene: Scene, store: ObjectStore, engine: Engine): Promise<void> {
  for await (const finding of verify(store, engine, [THINGS, LINKS, entityNamed('jobs')], undefined))
    if (finding.level !== 'ok') throw new Error(`${scene.name}, undisturbed: ${finding.message}`)
}

async function undisturbed(scene: Scene, engine: Engine): Promise<Undisturbed> {
  const old = await scene.start(engine)
  const [midst, clean] = [await copyOf(old), await copyOf(old)]
  await scene.midst?.(midst, engine)
  const counting = failingStore(clean)
  const said = await scene.work(counting, engine, () => undefined)
  if (said !== null) throw new Error(`${scene.name} fails when nothing strikes it: ${said}`)
  await scene.settle?.(clean, engine)
  await expectWell(scene, clean, engine)
  return { old, clean, states: [old, midst, clean], operations: counting.asked }
}

/** Looks at a warehouse as it was left, runs what comes next, once and undisturbed, and says what that did not put right. */
async function aftermath(
  scene: Scene,
  { clean, states }: Undisturbed,
  { store, acknowledged, fault }: Struck,
  engine: Engine,
  look: Plan['look'] = async () => [],
): Promise<readonly Fault[]> {
  const seen = [...(await readerFaults(store, states, engine)), ...(await look(store))]
  const faults = seen.map((each) => fault('reader', each))
  const left = await scene.heal(store, engine).then(
    () => differences(store, clean, engine, scene.isExact),
    (thrown: unknown) => [String(thrown)],
  )
  if (left.length > 0) faults.push(fault('unhealed', left))
  return [...faults, ...(await lostDays(store, acknowledged)).map((day) => fault('lost', day))]
}

/**
 * Strikes a scene's work at operation 0, 1, 2, ... in every mode, before and after, until it has no operation of that
 * number; each warehouse is looked at as it was left, and healed by one clean run, unless one just like it was.
 */
export async function strikeEverywhere(
  scene: Scene,
  engine: Engine,
  { stride, changes, copy = copyOf, look }: Plan,
): Promise<Tally> {
  const before = await undisturbed(scene, engine)
  const [faults, seen]: [Fault[], Set<string>] = [[], new Set()]
  let runs = 0
  const blow = async (injection: Injection): Promise<Struck> => {
    const struck = await strike(scene, before.clean, await copy(before.old), injection, engine)
    faults.push(...struck.faults)
    const state = await fingerprint(struck.store)
    if (!seen.has(state)) faults.push(...(await aftermath(scene, before, struck, engine, look)))
    seen.add(state)
    if (struck.isStruck) runs++
    return struck
  }
  // A read that failed and one whose answer is lost leave the same behind: only changes are struck after, too.
  for (let at = 0, isThere = true; isThere; at++) {
    const expected = before.operations[at]
    const every = expected !== undefined && isChange(expected) ? changes : stride
    for (const mode of MODES.filter((_, number) => (at + number) % every === 0)) {
      const struck = await blow({ at, mode, moment: 'before' })
      if (struck.isChange) await blow({ at, mode, moment: 'after' })
      isThere = struck.isStruck
    }
  }
  return { operations: before.operations.length, runs, states: seen.size, faults }
}
