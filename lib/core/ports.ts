import type { Secret, SecretReference } from './secret.ts'

/** An object as the store lists it. `etag` changes whenever the bytes do; `size` is in bytes. */
export interface ObjectInfo {
  readonly key: string
  readonly etag: string
  readonly size: number
}

/** An object with its bytes, which the store has verified against the SHA-256 it recorded at the write. */
export interface StoredObject extends ObjectInfo {
  readonly bytes: Uint8Array
  /** SHA-256 of the bytes, 64 lower-case hex digits. */
  readonly sha256: string
}

/** Every write is conditional: `absent` creates (If-None-Match: *), an ETag replaces just that state (If-Match). */
export type WriteCondition = 'absent' | { readonly etag: string }

/** `won: false` means that the condition did not hold and nothing was written. */
export type WriteResult = { readonly won: true; readonly etag: string } | { readonly won: false }

/**
 * Where the warehouse lives. Three promises, tested by one contract suite over every adapter:
 * an object is whole or not there at all; of several conditional writers exactly one wins, across processes;
 * a listing after a write shows it. Keys are relative, separated by `/`.
 */
export interface ObjectStore {
  /** The whole object, or undefined when there is none. Throws `corrupt-object` when its bytes are not those written. */
  read(key: string): Promise<StoredObject | undefined>
  /** The object's state without its bytes, or undefined when there is none. */
  head(key: string): Promise<ObjectInfo | undefined>
  /** Writes if the condition holds, durably. Throws `store-failed` when it cannot tell or cannot write. */
  write(key: string, bytes: Uint8Array, condition: WriteCondition): Promise<WriteResult>
  /** All objects whose key starts with the prefix, sorted by key. */
  list(prefix: string): Promise<readonly ObjectInfo[]>
  /** Removes an object; nothing happens when there is none. Only expired landing is ever removed. */
  remove(key: string): Promise<void>
}

/** Time as a use case sees it. `now` in milliseconds since 1970 UTC; `elapsed` is monotonic milliseconds. */
export interface Clock {
  now(): number
  elapsed(): number
  /** Waits, or throws the signal's reason as soon as it is aborted. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>
}

/** Where secrets are kept: the environment, files, AWS Secrets Manager. */
export interface Secrets {
  /** The secret that a reference names. Throws `secret-missing`, naming the place and never the value. */
  read(reference: SecretReference): Promise<Secret>
}

/** A place for one secret text that changes while a run goes on. */
export interface Vault {
  /** The text; undefined when none is kept. For a moment after a write it may be the one before. */
  read(): Promise<string | undefined>
  /** Keeps a text in place of the one before. Unconditional: writers take turns by other means. */
  write(text: string): Promise<void>
}
