import type { Day } from '../core/day.ts'
import { AlmanacError } from '../core/errors.ts'
import { keys, type Place, parseKey } from '../core/keys.ts'
import type { ObjectStore } from '../core/ports.ts'
import {
  type CandidateReceipt,
  jsonBytes,
  parseStored,
  type Receipt,
  type StoredColumn,
} from '../core/receipt.ts'
import { sha256 } from '../core/sha256.ts'
import { candidateColumns, PARENT_VERDICT, type Shape } from '../core/shape.ts'
import type { Session } from '../engine/engine.ts'
import { literal, name, names, parquetOptions, SQL_TYPE } from '../engine/sql.ts'

/** A candidate with a verified file of it in the staging folder. */
export interface Candidate {
  readonly receipt: CandidateReceipt
  readonly file: string
}

/** Reads an object and holds its bytes to a SHA-256 that another object names. Throws `corrupt-object`. */
export async function readVerified(store: ObjectStore, key: string, expected: string): Promise<Uint8Array> {
  const object = await store.read(key)
  if (object === undefined)
    throw new AlmanacError('corrupt-object', `${key} is gone, and ${expected} should be there`)
  if (object.sha256 !== expected) {
    throw new AlmanacError(
      'corrupt-object',
      `${key} has SHA-256 ${object.sha256} where ${expected} is expected`,
    )
  }
  return object.bytes
}

export async function stageParts(
  store: ObjectStore,
  session: Session,
  receipts: readonly Receipt[],
): Promise<string[]> {
  const files: string[] = []
  for (const part of receipts.flatMap((receipt) => receipt.parts)) {
    files.push(await session.stage(await readVerified(store, part.key, part.sha256)))
  }
  return files
}

/** The parts as one relation; without parts, an empty one of the same columns. */
export function partsRelation(files: readonly string[], columns: readonly StoredColumn[]): string {
  if (files.length > 0) return `read_parquet([${files.map(literal).join(', ')}], union_by_name = true)`
  const empty = columns.map((column) => `NULL::${SQL_TYPE[column.type]} AS ${name(column.name)}`).join(', ')
  return `(SELECT ${empty} WHERE false)`
}

/** Holds the parts to what the receipts say: so many facts, every key present and there once. */
export async function checkParts(
  session: Session,
  shape: Shape,
  relation: string,
  receipts: readonly Receipt[],
): Promise<void> {
  const facts =
    shape.parent === undefined ? relation : `(SELECT * FROM ${relation} WHERE ${PARENT_VERDICT} IS NULL)`
  const key = shape.key.map(name).join(', ')
  const [found] = await session.rows(
    `SELECT count(*) AS rows, count(DISTINCT (${key})) AS keys,
       count(*) FILTER (WHERE ${shape.key.map((each) => `${name(each)} IS NULL`).join(' OR ')}) AS keyless FROM ${facts}`,
  )
  const expected = receipts.reduce((sum, receipt) => sum + receipt.rows, 0)
  const [rows, keyCount, keyless] = [found?.['rows'], found?.['keys'], found?.['keyless']].map(Number)
  if (rows !== expected || keyCount !== expected || keyless !== 0) {
    throw new AlmanacError(
      'incomplete',
      `${shape.entity}: the landing holds ${rows} rows with ${keyCount} different keys (${keyless} without one), and its receipts say ${expected}`,
    )
  }
}

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
 * Throws `incomplete` when the parts do not hold what the receipts say, `corrupt-object` when a part is damaged.
 */
export async function buildCandidate(
  store: ObjectStore,
  session: Session,
  shape: Shape,
  shards: readonly Receipt[],
): Promise<Candidate> {
  const columns = candidateColumns(shape)
  const relation = partsRelation(await stageParts(store, session, shards), columns)
  await checkParts(session, shape, relation, shards)
  const file = session.scratch()
  const order = [...shape.key.map(name), ...(shape.parent === undefined ? [] : [PARENT_VERDICT])].join(', ')
  await session.run(
    `COPY (SELECT ${names(columns.map((column) => column.name))} FROM ${relation} ORDER BY ${order}) TO ${literal(file)} ${parquetOptions()}`,
  )
  const bytes = await session.collect(file)
  const receipt = receiptOf(shards, sha256(bytes))
  const { site, dt } = receipt
  const at = { entity: shape.entity, site }
  // The receipt first: a candidate without one could not be judged again.
  await store.write(keys.candidateReceipt(at, dt, receipt.sha256), jsonBytes(receipt), 'absent')
  await store.write(keys.candidate(at, dt, receipt.sha256), bytes, 'absent')
  return { receipt, file }
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
