import { memoryStore } from '../../lib/adapters/memory/store.ts'
import { AREAS } from '../../lib/core/keys.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'

/** What the process was about to write, or had just written, when it died. */
export interface Death {
  readonly key: string
  readonly moment: 'before' | 'after'
}

/** Thrown by every operation from the death on, as nothing runs in a dead process. */
export class Killed extends Error {}

/**
 * A store whose process dies at a write: `before`, nothing of it is written; `after`, it is written and nobody is told,
 * which is also what a lost answer looks like. `dies` sees each write's number, from 0, and its key.
 */
export function mortalStore(
  store: ObjectStore,
  dies: (write: number, key: string) => 'before' | 'after' | undefined,
): ObjectStore & { death(): Death | undefined } {
  let writes = 0
  let death: Death | undefined
  const alive = <T>(work: () => Promise<T>): Promise<T> => {
    if (death !== undefined) throw new Killed(`dead ${death.moment} ${death.key}`)
    return work()
  }
  const die = (key: string, moment: Death['moment']): never => {
    death = { key, moment }
    throw new Killed(`died ${moment} ${key}`)
  }
  return {
    death: () => death,
    read: async (key) => alive(() => store.read(key)),
    head: async (key) => alive(() => store.head(key)),
    list: async (prefix) => alive(() => store.list(prefix)),
    remove: async (key) => alive(() => store.remove(key)),
    write: async (key, bytes, condition) =>
      alive(async () => {
        const moment = dies(writes++, key)
        if (moment === 'before') die(key, 'before')
        const result = await store.write(key, bytes, condition)
        if (moment === 'after') die(key, 'after')
        return result
      }),
  }
}

/** What a warehouse holds, without the leases and notices of those who work on it. */
const KEPT = Object.entries(AREAS).flatMap(([area, kind]) => (kind === 'lease' ? [] : [area]))

/** A store in memory that holds the same objects. */
export async function copyOf(store: ObjectStore): Promise<ObjectStore> {
  const copy = memoryStore()
  for (const area of KEPT) {
    for (const { key } of await store.list(`${area}/`)) {
      const object = await store.read(key)
      if (object !== undefined) await copy.write(key, object.bytes, 'absent')
    }
  }
  return copy
}

/** The SHA-256 of every primary object by key. */
export async function primaryWorld(store: ObjectStore): Promise<Readonly<Record<string, string>>> {
  const world: Record<string, string> = {}
  for (const area of ['candidate', 'observation', 'manifest']) {
    for (const { key } of await store.list(`${area}/`)) world[key] = (await store.read(key))?.sha256 ?? ''
  }
  return world
}
