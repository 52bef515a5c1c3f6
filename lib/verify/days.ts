import { keys } from '../core/keys.ts'
import { type CommittedDay, committedDays, type Manifest } from '../core/manifest.ts'
import { COVERAGE_COLUMNS, currentColumns, historyColumns, snapshotColumns } from '../core/published.ts'
import { currentFile } from '../load/current.ts'
import type { Desk } from '../load/desk.ts'
import { foldHistory, NOTHING } from '../load/history.ts'
import { expectedSnapshots } from '../load/snapshot.ts'
import { compare, wrong } from './compare.ts'
import type { Finding } from './finding.ts'
import { lostHint, restoreHint, strayHint, withdrawHint } from './hint.ts'
import { publishedKeys } from './published.ts'

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
  const { store, at, shape } = desk
  // Before the manifests: what is published meanwhile has one.
  const published = await publishedKeys(store, at)
  const days = await committedDays(store, at)
  if (days.length === 0) return yield* verifyNothing(desk, published)
  yield* verifyStrays(desk, days, published)
  yield* verifyOrder(desk, days)
  for await (const { day, snapshot, coverage } of expectedSnapshots(desk, days)) {
    yield* verifyDay(desk, day)
    const { candidate } = await desk.manifest(day)
    const key = keys.snapshot(at, day.dt)
    yield* compare(desk, { key, file: snapshot, sameBytes: candidate }, snapshotColumns(shape))
    if (coverage !== undefined)
      yield* compare(desk, { key: keys.coverage(at, day.dt), file: coverage }, COVERAGE_COLUMNS)
  }
  const history = async () => (await foldHistory(desk, { etag: undefined, ...NOTHING }, days)).file
  yield* compare(desk, { key: keys.history(at), file: history }, historyColumns(shape))
  const current = () => currentFile(desk, days, 'expected')
  yield* compare(desk, { key: keys.current(at), file: current }, currentColumns(shape))
}
