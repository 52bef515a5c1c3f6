import { AlmanacError } from '../../lib/core/errors.ts'
import type { ObjectStore, StoredObject, WriteCondition } from '../../lib/core/ports.ts'
import { Killed } from '../system/mortal.ts'
import type { Chance } from './chance.ts'
import type { FaultMix } from './faults.ts'
import type { Turns } from './turns.ts'

/** A write that was made, as the watch sees it. */
export interface Written {
  readonly actor: string
  readonly key: string
  readonly bytes: Uint8Array
  /** What was there before. */
  readonly before: StoredObject | undefined
}

/** The shared store of a seed's world. */
export interface SharedStore {
  readonly objects: ObjectStore
  readonly rotten: Set<string>
  /** Keys under which another object's bytes lie, as a wrong restore leaves them: whole, and not what the key says. */
  readonly swapped: Map<string, StoredObject>
  /** Every key that was ever written. */
  readonly keys: Set<string>
  operations: number
  /** Called after every write that was made. */
  written(write: Written): Promise<void>
  /** Called before an object is removed. */
  removed(actor: string, key: string): void
}

/** The store of one process, and whether that process is dead: whatever it throws then, nobody sees. */
export interface ProcessStore {
  readonly store: ObjectStore
  isDead(): boolean
}

/** How a process stands: alive, dead, or cut off from the store. */
interface Health {
  state: 'alive' | 'dead' | 'broken'
}

const failed = (what: string): AlmanacError => new AlmanacError('store-failed', `simulated: ${what}`)

/**
 * The store as one process has it: every operation waits for its turn and may fail before it is done, after it, or with
 * the process. A damaged object says so at each read, until it is written anew.
 */
export function processStore(
  shared: SharedStore,
  actor: string,
  turns: Turns,
  chance: Chance,
  mix: FaultMix,
): ProcessStore {
  const health: Health = { state: 'alive' }
  const refuse = (what: string): void => {
    if (health.state === 'dead') throw new Killed(`${actor} is dead at ${what}`)
    if (health.state === 'broken') throw failed(`${actor} is cut off at ${what}`)
  }
  const die = (what: string): never => {
    health.state = 'dead'
    throw new Killed(`${actor} died at ${what}`)
  }
  const step = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    await turns.wait(actor)
    shared.operations++
    refuse(what)
    if (chance.flip(mix.dies / 2)) die(what)
    if (chance.flip(mix.breaks)) health.state = 'broken'
    refuse(what)
    if (chance.flip(mix.failsBefore)) throw failed(`nothing was done: ${what}`)
    const result = await turns.busy(work)
    if (chance.flip(mix.dies / 2)) die(what)
    if (chance.flip(mix.failsAfter)) throw failed(`the answer was lost: ${what}`)
    return result
  }
  const write = async (key: string, bytes: Uint8Array, condition: WriteCondition) => {
    const before = await shared.objects.read(key)
    const result = await shared.objects.write(key, bytes, condition)
    if (!result.won) return result
    shared.rotten.delete(key)
    await shared.written({ actor, key, bytes, before })
    return chance.flip(mix.answersLost) ? { won: false as const } : result
  }
  const remove = (key: string): Promise<void> => {
    shared.removed(actor, key)
    return shared.objects.remove(key)
  }
  const store: ObjectStore = {
    read: (key) =>
      step(`read ${key}`, async () => {
        if (shared.rotten.has(key)) throw new AlmanacError('corrupt-object', `${key} is damaged (simulated)`)
        const swapped = shared.swapped.get(key)
        return swapped === undefined ? shared.objects.read(key) : { ...swapped, key }
      }),
    head: (key) => step(`head ${key}`, () => shared.objects.head(key)),
    list: (prefix) => step(`list ${prefix}`, () => shared.objects.list(prefix)),
    remove: (key) => step(`remove ${key}`, () => remove(key)),
    write: (key, bytes, condition) => step(`write ${key}`, () => write(key, bytes, condition)),
  }
  return { store, isDead: () => health.state === 'dead' }
}
