import type { Day } from '../core/day.ts'
import { AlmanacError } from '../core/errors.ts'
import { keys, type Place, parseKey } from '../core/keys.ts'
import type { ObjectStore } from '../core/ports.ts'
import { type CandidateReceipt, jsonBytes, parseStored, type Receipt } from '../core/receipt.ts'
import { sha256 } from '../core/sha256.ts'
import { type Desk, readVerified } from './desk.ts'
import type { StagedFile } from './transforms.ts'

/** Holds staged parts to what their receipts say: so many facts, every key present and there once. Throws `incomplete`. */
async function checkParts(
  desk: Desk,
  files: readonly StagedFile[],
  receipts: readonly Receipt[],
): Promise<void> {
  const { rows, keys: unique, keyless } = await desk.transforms.tally(files)
  const expected = receipts.reduce((sum, receipt) => sum + receipt.rows, 0)
  if (rows === expected && unique === expected && keyless === 0) return
  throw new AlmanacError(
    'incomplete',
    `${desk.shape.entity}: the landing holds ${rows} rows with ${unique} different keys (${keyless} without one), and its receipts say ${expected}`,
  )
}

/**
 * The rows of a landing as one canonical file, of the columns that its receipts say: what has been declared since is not
 * there. Throws `incomplete` when the parts do not hold what the receipts say,
 * `corrupt-object` when a part is damaged.
 */
export async function canonicalFile(desk: Desk, receipts: readonly Receipt[]): Promise<StagedFile> {
  const [first] = receipts
  if (first === undefined) throw new AlmanacError('internal', 'a landing without receipts holds no rows')
  const files: StagedFile[] = []
  for (const part of receipts.flatMap((receipt) => receipt.parts))
    files.push(await desk.transforms.stage(await readVerified(desk.store, part.key, part.sha256)))
  await checkParts(desk, files, receipts)
  // Named after its run: two readings of the same rows are two, and may differ in what they know and when they saw it.
  return desk.transforms.sorted(files, first.columns, { reading: first.run })
}

/** The receipt of what was made of these shards: what they say together. */
export function receiptOf(shards: readonly Receipt[], hash: string): CandidateReceipt {
  const [first] = shards
  if (first === undefined)
    throw new AlmanacError('internal', 'a landing without receipts cannot become a candidate')
  return {
    format: 1,
    entity: first.entity,
    site: first.site,
    dt: first.dt,
    sha256: hash,
    rows: shards.reduce((sum, shard) => sum + shard.rows, 0),
    columns: first.columns,
    missing: [...new Set(shards.flatMap((shard) => shard.missing))].sort(),
    observedFrom: Math.min(...shards.map((shard) => shard.observedFrom)),
    observedTo: Math.max(...shards.map((shard) => shard.observedTo)),
    shards,
  }
}

/**
 * Makes the one canonical Parquet of a landing, sorted by key, and stores it under its SHA-256 with its receipt beside it.
 * Throws what `canonicalFile` throws.
 */
export async function buildCandidate(desk: Desk, shards: readonly Receipt[]): Promise<CandidateReceipt> {
  const file = await canonicalFile(desk, shards)
  const bytes = await desk.transforms.collect(file)
  const receipt = receiptOf(shards, sha256(bytes))
  const { dt } = receipt
  // The receipt first: a candidate without one could not be judged again.
  await desk.store.write(keys.candidateReceipt(desk.at, dt, receipt.sha256), jsonBytes(receipt), 'absent')
  await desk.store.write(keys.candidate(desk.at, dt, receipt.sha256), bytes, 'absent')
  desk.keep(receipt.sha256, file)
  return receipt
}

/** Reads a stored candidate's receipt. */
async function readCandidateReceipt(store: ObjectStore, key: string): Promise<CandidateReceipt> {
  const object = await store.read(key)
  if (object === undefined) throw new AlmanacError('corrupt-object', `${key} was listed and is gone`)
  return parseStored<CandidateReceipt>(key, object.bytes)
}

/**
 * The receipts of the stored candidates of the days that `wanted` takes. A receipt is written before its Parquet: where a
 * crash left it alone there is no candidate yet, and the landing makes it again.
 */
export async function storedCandidates(
  store: ObjectStore,
  at: Place,
  wanted: (dt: Day) => boolean,
): Promise<readonly CandidateReceipt[]> {
  const listed = new Set((await store.list(keys.candidates(at))).map(({ key }) => key))
  const receipts = [...listed].filter((key) => {
    const dt = parseKey(key)?.labels['dt']
    const isWhole = key.endsWith('.json') && listed.has(key.replace(/\.json$/, '.parquet'))
    return isWhole && dt !== undefined && wanted(dt)
  })
  return Promise.all(receipts.map((key) => readCandidateReceipt(store, key)))
}
