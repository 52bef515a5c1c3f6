import { isError } from '../core/errors.ts'
import { keys } from '../core/keys.ts'
import { type CommittedDay, committedDays, type Manifest } from '../core/manifest.ts'
import { COVERAGE_COLUMNS, currentColumns, historyColumns, snapshotColumns } from '../core/published.ts'
import type { StoredColumn } from '../core/receipt.ts'
import { currentFile } from '../load/current.ts'
import type { Desk } from '../load/desk.ts'
import { foldHistory } from '../load/history.ts'
import { readDerived } from '../load/publish.ts'
import { expectedSnapshots } from '../load/snapshot.ts'
import type { StagedFile } from '../load/transforms.ts'
import type { Finding } from './finding.ts'
import { lostHint, rebuildHint, restoreHint, strayHint, withdrawHint } from './hint.ts'
import { publishedKeys } from './published.ts'

const wrong = ({ at }: Desk, key: string, message: string, next: string): Finding => ({
  ...at,
  key,
  level: 'wrong',
  message,
  next,
})

/** Why a committed day is not proven complete, or null. */
function proofFault({ receipt, rows }: Manifest): string | null {
  if (receipt === null) return null
  const counted = receipt.shards.reduce((sum, shard) => sum + shard.rows, 0)
  if (counted !== rows) return `its shards hold ${counted} rows, and it says ${rows}`
  const unproven = receipt.shards.find(
    (shard) =>
      shard.firstTotal !== shard.lastTotal ||
      (shard.lastTotal !== null && shard.lastTotal - shard.surplus !== shard.rows && shard.window === null),
  )
  return unproven === undefined
    ? null
    : `Tableau announced ${unproven.lastTotal} rows, and ${unproven.rows} are there`
}

/** Holds a committed day to its proof: receipts, row count, keys. */
async function* verifyDay(desk: Desk, day: CommittedDay): AsyncGenerator<Finding> {
  const key = keys.manifest(desk.at, day.dt, day.version)
  const manifest = await desk.manifest(day)
  const fault = proofFault(manifest)
  if (fault !== null) yield wrong(desk, key, fault, restoreHint(desk.at, day.dt))
  if (manifest.candidate === null) return
  const found = await desk.transforms.tally([await desk.candidate(day.dt, manifest.candidate)])
  if (found.rows !== manifest.rows || found.keys !== manifest.rows) {
    const message = `its candidate holds ${found.rows} rows with ${found.keys} keys, and it says ${manifest.rows}`
    yield wrong(desk, key, message, restoreHint(desk.at, day.dt))
  }
}

/**
 * Readings must begin in the order of their days. A load refuses one that does not; two loads at the same moment, of two
 * readings that overlapped, can both pass before either is there.
 */
async function* verifyOrder(desk: Desk, days: readonly CommittedDay[]): AsyncGenerator<Finding> {
  let before: Manifest | undefined
  for (const day of days) {
    const manifest = await desk.manifest(day)
    if (manifest.candidate === null) continue
    if (before !== undefined && manifest.observedFrom <= before.observedFrom) {
      const key = keys.manifest(desk.at, day.dt, day.version)
      const message = `${day.dt} was read at ${new Date(manifest.observedFrom).toISOString()}, not after ${before.dt} (${new Date(before.observedFrom).toISOString()})`
      yield wrong(desk, key, message, withdrawHint(desk.at, before.dt, day.dt))
    }
    before = manifest
  }
}

/** Compares a published object with what the manifests make of it. */
async function* compare(
  desk: Desk,
  key: string,
  expected: () => Promise<StagedFile>,
  columns: readonly StoredColumn[],
  sameBytes: string | null = null,
): AsyncGenerator<Finding> {
  const hint = rebuildHint(desk.at)
  const object = await readDerived(desk.store, key)
  if (object === undefined) {
    yield wrong(desk, key, `${key} is not there or damaged`, hint)
    return
  }
  // A snapshot that is its candidate, byte for byte, needs no look at its rows.
  if (object.sha256 === sameBytes) return
  const published = await desk.transforms.stage(object.bytes)
  try {
    const rows = await desk.transforms.differences(published, await expected(), columns)
    if (rows > 0) yield wrong(desk, key, `${rows} rows differ from what the manifests make of it`, hint)
  } catch (error) {
    if (!isError(error, 'internal')) throw error
    yield wrong(desk, key, `its columns are not those declared: ${error.message}`, hint)
  }
}

/** Where no day is committed nothing may be published: what is there says that its manifests are lost. */
function* verifyNothing(desk: Desk, published: readonly string[]): Generator<Finding> {
  const [key] = published
  if (key === undefined) return
  const message = `${key} is published, and no day is committed: its manifests are lost`
  yield wrong(desk, key, message, lostHint(desk.at, 'manifest'))
}

/** What is published, and what no committed day is published as. */
function* verifyStrays(
  desk: Desk,
  days: readonly CommittedDay[],
  published: readonly string[],
): Generator<Finding> {
  const { at, shape } = desk
  const expected = new Set([keys.history(at), keys.current(at)])
  for (const { dt } of days) {
    expected.add(keys.snapshot(at, dt))
    if (shape.parent !== undefined) expected.add(keys.coverage(at, dt))
  }
  for (const key of published.filter((each) => !expected.has(each)))
    yield wrong(
      desk,
      key,
      `${key} is published, and no manifest stands for it`,
      strayHint(key, at, 'manifest'),
    )
}

/**
 * Holds a state entity to its manifests: every day proven, every published object what the days make of it, history
 * folded again from nothing. A primary object that cannot be read ends this; `verifyObjects` has named it.
 */
export async function* verifyDays(desk: Desk): AsyncGenerator<Finding> {
  // Before the manifests: what is published meanwhile has one.
  const published = await publishedKeys(desk.store, desk.at)
  const days = await committedDays(desk.store, desk.at)
  if (days.length === 0) return yield* verifyNothing(desk, published)
  yield* verifyStrays(desk, days, published)
  yield* verifyOrder(desk, days)
  for await (const { day, snapshot, coverage } of expectedSnapshots(desk, days)) {
    yield* verifyDay(desk, day)
    const { candidate } = await desk.manifest(day)
    yield* compare(desk, keys.snapshot(desk.at, day.dt), snapshot, snapshotColumns(desk.shape), candidate)
    if (coverage !== undefined)
      yield* compare(desk, keys.coverage(desk.at, day.dt), coverage, COVERAGE_COLUMNS)
  }
  const { file: history } = await foldHistory(desk, { etag: undefined, applied: [], file: undefined }, days)
  yield* compare(desk, keys.history(desk.at), () => Promise.resolve(history), historyColumns(desk.shape))
  const current = () => currentFile(desk, days, 'expected')
  yield* compare(desk, keys.current(desk.at), current, currentColumns(desk.shape))
}
