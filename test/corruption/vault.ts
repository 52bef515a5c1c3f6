import type { ObjectStore } from '../../lib/core/ports.ts'
import type { Shelf } from '../../lib/questions/query.ts'

/** What a store recorded of an object when it was written. */
export interface Mark {
  /** 64 lower-case hex digits. */
  readonly sha256: string
  /** Bytes. */
  readonly size: number
}

/** A warehouse that is changed behind its store's back, and put back as it was. */
export interface Vault {
  readonly store: ObjectStore
  /** How questions reach it. */
  readonly shelf: Shelf
  /** Puts bytes under a key. What was recorded of the object stays; nothing is recorded of a new one. */
  put(key: string, bytes: Uint8Array): Promise<void>
  /** Takes an object away, and what was recorded of it too where that is a part of the object. */
  drop(key: string): Promise<void>
  /** Changes what is recorded of an object; undefined: nothing is. */
  mark(key: string, mark: Mark | undefined): Promise<void>
  /** Puts everything back, whoever changed it. */
  reset(): Promise<void>
  close(): Promise<void>
}
