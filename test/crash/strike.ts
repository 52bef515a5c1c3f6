import { isError } from '../../lib/core/errors.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import type { Engine } from '../../lib/transform/engine.ts'
import { derivedDifferences } from '../load/toy.ts'
import { Killed, primaryWorld } from '../system/mortal.ts'
import { failingStore, type Injection, isChange, type Mode } from './failing-store.ts'
import { commitsIn } from './readers.ts'
import type { Scene } from './scene.ts'

/** What was wrong after a failure, with all that is needed to strike so again. */
export interface Fault extends Injection {
  readonly scene: string
  /** The operation that failed. */
  readonly struck: string
  /**
   * `reader`: somebody could see what is not so; `error`: it failed as nothing should; `untrue`: it said that it was done;
   * `lost`: an acknowledged day is gone; `unhealed`: one clean run did not put it right.
   */
  readonly kind: 'reader' | 'error' | 'untrue' | 'lost' | 'unhealed'
  readonly what: unknown
}

/** A scene that was struck once: the warehouse that it left, and what was wrong so far. */
export interface Struck {
  readonly store: ObjectStore
  /** False when the work had fewer operations than that. */
  readonly isStruck: boolean
  /** Whether it was a write or a removal: only then is `after` another state than `before`. */
  readonly isChange: boolean
  /** `entity/day` of every day that was reported as committed. */
  readonly acknowledged: readonly string[]
  readonly faults: readonly Fault[]
  fault(kind: Fault['kind'], what: unknown): Fault
}

/** What an injected failure may come out as: itself, or a defect in a process that is dead anyway. */
function codeOf(thrown: unknown): string {
  if (thrown instanceof Killed || (thrown instanceof Error && thrown.cause instanceof Killed))
    return 'internal'
  return isError(thrown, 'store-failed') ? thrown.code : String(thrown)
}

const expectedCode = (mode: Mode): string => (mode === 'death' ? 'internal' : 'store-failed')

/** Where a warehouse differs from one that nothing disturbed, in what is committed and row for row. */
export async function differences(
  store: ObjectStore,
  clean: ObjectStore,
  engine: Engine,
  isExact: boolean,
): Promise<readonly unknown[]> {
  const [mine, theirs] = isExact
    ? [await primaryWorld(store), await primaryWorld(clean)]
    : [[...(await commitsIn(store))], [...(await commitsIn(clean))]]
  const isSame = JSON.stringify(mine) === JSON.stringify(theirs)
  return [...(isSame ? [] : [{ mine, theirs }]), ...(await derivedDifferences(store, clean, engine))]
}

/** The acknowledged days of which a warehouse has no commit. */
export async function lostDays(
  store: ObjectStore,
  acknowledged: readonly string[],
): Promise<readonly string[]> {
  const commits = [...(await commitsIn(store))]
  return acknowledged.filter((each) => {
    const [entity, dt] = each.split('/')
    return !commits.some((key) => key.includes(`entity=${entity}/`) && key.includes(`/dt=${dt}/`))
  })
}

/** Runs a scene's work with one failure in it, on a warehouse of its own, and holds what it said against what is there. */
export async function strike(
  scene: Scene,
  clean: ObjectStore,
  store: ObjectStore,
  injection: Injection,
  engine: Engine,
): Promise<Struck> {
  const failing = failingStore(store, injection)
  const acknowledged: string[] = []
  const code = await scene
    .work(failing, engine, (entity, dt) => void acknowledged.push(`${entity}/${dt}`))
    .catch(codeOf)
  const struck = failing.struck()
  const what = struck === undefined ? 'nothing' : `${struck.verb} ${struck.key}`
  const fault: Struck['fault'] = (kind, about) => ({
    scene: scene.name,
    ...injection,
    struck: what,
    kind,
    what: about,
  })
  const faults = (await lostDays(store, acknowledged)).map((day) => fault('lost', day))
  if (code !== null && code !== expectedCode(injection.mode)) faults.push(fault('error', code))
  if (code === null) {
    await scene.settle?.(store, engine)
    const undone = await differences(store, clean, engine, false)
    if (undone.length > 0) faults.push(fault('untrue', undone))
  }
  return {
    store,
    isStruck: struck !== undefined,
    isChange: struck !== undefined && isChange(struck),
    acknowledged,
    faults,
    fault,
  }
}
