import { AlmanacError } from '../../lib/core/errors.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import { Killed } from '../system/mortal.ts'

/**
 * What becomes of a process whose store fails. `once`: one operation fails and the process lives on; `on`: from there on
 * every operation fails; `death`: nothing runs any more, which shows here as an error that no code of ours knows.
 */
export type Mode = 'once' | 'on' | 'death'

/** Where a store fails: at the operation of this number, from 0, `before` it was done or `after`, when its answer is lost. */
export interface Injection {
  readonly at: number
  readonly moment: 'before' | 'after'
  readonly mode: Mode
}

/** An operation that a store was asked for. */
export interface Operation {
  readonly verb: keyof ObjectStore
  readonly key: string
}

/** A store that fails where it is told to, and keeps what it was asked for. */
export interface FailingStore extends ObjectStore {
  /** Every operation so far, those that failed included. */
  readonly asked: readonly Operation[]
  /** The operation that the injection struck; undefined when there were fewer. */
  struck(): Operation | undefined
}

/** Whether an operation changes what is stored, so that before and after it are two states. */
export const isChange = ({ verb }: Operation): boolean => verb === 'write' || verb === 'remove'

/** The failure that an operation is answered with. */
function failureOf(mode: Mode, { verb, key }: Operation): Error {
  return mode === 'death'
    ? new Killed(`died at ${verb} ${key}`)
    : new AlmanacError('store-failed', `${verb} ${key}: planted by a test`)
}

/** Puts a failure into a store. Without an injection it only counts. `onOperation` is told of each before it is done. */
export function failingStore(
  store: ObjectStore,
  injection?: Injection,
  onOperation: () => void = () => undefined,
): FailingStore {
  const asked: Operation[] = []
  let struck: Operation | undefined
  const step = async <T>(operation: Operation, work: () => Promise<T>): Promise<T> => {
    if (struck !== undefined && injection !== undefined && injection.mode !== 'once')
      throw failureOf(injection.mode, operation)
    onOperation()
    const isHere = asked.push(operation) - 1 === injection?.at
    if (!isHere) return work()
    struck = operation
    if (injection.moment === 'after') await work()
    throw failureOf(injection.mode, operation)
  }
  return {
    asked,
    struck: () => struck,
    read: (key) => step({ verb: 'read', key }, () => store.read(key)),
    head: (key) => step({ verb: 'head', key }, () => store.head(key)),
    list: (key) => step({ verb: 'list', key }, () => store.list(key)),
    remove: (key) => step({ verb: 'remove', key }, () => store.remove(key)),
    write: (key, bytes, condition) => step({ verb: 'write', key }, () => store.write(key, bytes, condition)),
  }
}
