import type { ColumnType } from './column.ts'
import type { Day } from './day.ts'
import { AlmanacError } from './errors.ts'
import { parseKey } from './keys.ts'

/** A column as a file or a published table has it. */
export interface StoredColumn {
  readonly name: string
  readonly type: ColumnType
}

/** One Parquet file of a landing. */
export interface PartReceipt {
  readonly key: string
  readonly sha256: string
  readonly rows: number
  readonly bytes: number
}

/** The window of an event reading, milliseconds since 1970 UTC; `from` is null for everything there is. */
export interface EventWindow {
  readonly from: number | null
  readonly to: number
}

/** An event that had not ended when it was read. */
export interface UnfinishedEvent {
  readonly id: string
  /** Milliseconds since 1970 UTC. */
  readonly createdAt: number
}

/** What an extractor says of a shard that it read completely. Written once, after all its parts. */
export interface Receipt {
  readonly format: 1
  readonly entity: string
  readonly site: string
  readonly dt: Day
  readonly run: string
  readonly shard: string
  /** How many shards this entity has in this run. */
  readonly shards: number
  readonly attempt: string
  /** Facts read; parents of a per-parent entity are counted apart. */
  readonly rows: number
  readonly firstTotal: number | null
  readonly lastTotal: number | null
  readonly pages: number
  readonly passes: number
  readonly duplicates: number
  readonly calls: number
  readonly retries: number
  readonly renewals: number
  readonly columns: readonly StoredColumn[]
  /** Columns that this site's version does not have, or did not send: unknown, which is not null. */
  readonly missing: readonly string[]
  /** How often each attribute was seen that no column names. */
  readonly drift: Readonly<Record<string, number>>
  /** By the server's clock, milliseconds since 1970 UTC. */
  readonly observedFrom: number
  readonly observedTo: number
  readonly apiVersion: string
  readonly productVersion: string
  readonly parts: readonly PartReceipt[]
  /** Parents by verdict, for per-parent entities. */
  readonly parents: Readonly<Record<string, number>> | null
  readonly window: EventWindow | null
  readonly unfinished: readonly UnfinishedEvent[]
  /** Who read it: the nightly, or a monitor between nights. */
  readonly source: 'nightly' | 'monitor'
  /** Why the present was recorded for another day; null normally. */
  readonly backdated: string | null
  /** How many rows Tableau announced beyond those it delivers, three times the same and accepted by configuration. */
  readonly surplus: number
  /** The same of the list of parents, of a per-parent entity: what is announced of parents is not in the totals. */
  readonly parentsSurplus: number
  /** The site role that showed only a part of the list, kept because configuration accepts that; null when all was seen. */
  readonly narrowedTo: string | null
}

/** The receipt that lies beside a candidate or an observation: the shards it was made of. */
export interface CandidateReceipt {
  readonly format: 1
  readonly entity: string
  readonly site: string
  readonly dt: Day
  readonly sha256: string
  readonly rows: number
  readonly columns: readonly StoredColumn[]
  readonly missing: readonly string[]
  readonly observedFrom: number
  readonly observedTo: number
  readonly shards: readonly Receipt[]
}

const decoder = new TextDecoder('utf-8', { fatal: true })
const encoder = new TextEncoder()

/** A value as the bytes of a JSON object in the warehouse. */
export const jsonBytes = (value: unknown): Uint8Array => encoder.encode(`${JSON.stringify(value, null, 1)}\n`)

/** What an object must say of itself, by its key. */
function factsOf(key: string): Readonly<Record<string, string | number>> {
  const { area, labels, file = '' } = parseKey(key) ?? {}
  const name = file.replace(/\.json$/, '')
  const number = /^checkpoint-(\d+)$/.exec(name)?.[1]
  if (area === 'landing' && number !== undefined) return { ...labels, number: Number(number) }
  if (area === 'landing' || area === 'runs') return { ...labels }
  if (area === 'candidate' || area === 'observation') return { ...labels, sha256: name }
  return area === 'manifest' ? { ...labels, version: Number(name.slice(1)) } : {}
}

/** Holds an object to its key: a copy of another one, put there by a wrong restore, is whole and of something else. */
function holdToKey(key: string, value: object): void {
  const says = new Map<string, unknown>(Object.entries(value))
  for (const [name, wanted] of Object.entries(factsOf(key))) {
    const found = says.get(name)
    if (found !== wanted)
      throw new AlmanacError(
        'corrupt-object',
        `${key} says that its ${name} is ${String(found)}, not ${wanted}`,
      )
  }
}

/**
 * The JSON object of ours under a key. Throws `corrupt-object` when it is no JSON of format 1, or says of itself that it
 * belongs under another key: the store has verified the bytes, so this names a file that something else wrote.
 */
export function parseStored<T extends { readonly format: 1 }>(key: string, bytes: Uint8Array): T {
  let value: unknown
  try {
    value = JSON.parse(decoder.decode(bytes))
  } catch (cause) {
    throw new AlmanacError('corrupt-object', `${key} is no JSON`, { cause })
  }
  if (typeof value !== 'object' || value === null || !('format' in value) || value.format !== 1) {
    throw new AlmanacError('corrupt-object', `${key} is not of format 1, the only one this version reads`)
  }
  holdToKey(key, value)
  return value as T
}
