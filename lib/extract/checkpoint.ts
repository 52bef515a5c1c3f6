import type { Checkpoint } from '../core/checkpoint.ts'
import { AlmanacError } from '../core/errors.ts'
import { keys, type LandingPlace } from '../core/keys.ts'
import type { ObjectStore } from '../core/ports.ts'
import { jsonBytes, parseStored, type Receipt, type StoredColumn } from '../core/receipt.ts'
import type { Reading, Stop } from './reading.ts'

const NUMBER = /\/checkpoint-(\d+)\.json$/

/** The newest checkpoint of a run; null when it has none. Throws `corrupt-object` when that one is damaged. */
export async function newestCheckpoint(store: ObjectStore, at: LandingPlace): Promise<Checkpoint | null> {
  const listed = await store.list(keys.checkpoints(at))
  const newest = Math.max(0, ...listed.map(({ key }) => Number(NUMBER.exec(key)?.[1] ?? 0)))
  if (newest === 0) return null
  const key = keys.checkpoint(at, newest)
  const object = await store.read(key)
  if (object === undefined) throw new AlmanacError('corrupt-object', `${key} was listed and is gone`)
  return parseStored<Checkpoint>(key, object.bytes)
}

/** Writes a checkpoint, unless another invocation of this run was first: then that one stands. Its key. */
export async function writeCheckpoint(
  store: ObjectStore,
  at: LandingPlace,
  checkpoint: Checkpoint,
): Promise<string> {
  const key = keys.checkpoint(at, checkpoint.number)
  await store.write(key, jsonBytes(checkpoint), 'absent')
  return key
}

/** What is written down of a reading that stopped. */
export const checkpointOf = (
  facts: Omit<Checkpoint, 'format' | 'settled' | 'sums' | 'drift' | 'observedFrom'>,
  { drift, observedFrom }: Reading,
  { settled, sums }: Stop,
): Checkpoint => ({ format: 1, ...facts, settled, sums, drift: Object.fromEntries(drift), observedFrom })

const textOf = (columns: readonly StoredColumn[]): string =>
  JSON.stringify(columns.map(({ name, type }) => [name, type]))

/**
 * A checkpoint, if its parts can be loaded together with ours. Null when another version of Almanac, with other columns,
 * wrote it: then all is read anew.
 */
export const ifOfColumns = (
  checkpoint: Checkpoint | null,
  columns: readonly StoredColumn[],
): Checkpoint | null =>
  checkpoint !== null && textOf(checkpoint.columns) === textOf(columns) ? checkpoint : null

/** The receipt that stands for a run's shard; undefined when none does. Throws `corrupt-object` when it is damaged. */
export async function standingReceipt(store: ObjectStore, at: LandingPlace): Promise<Receipt | undefined> {
  const object = await store.read(keys.receipt(at))
  return object && parseStored<Receipt>(object.key, object.bytes)
}
