import type { Day } from '../core/day.ts'
import { keys } from '../core/keys.ts'
import { type CommittedDay, committedDays, type Manifest } from '../core/manifest.ts'
import type { StoredColumn } from '../core/receipt.ts'
import { sha256 } from '../core/sha256.ts'
import { PARENT_VERDICT, type Shape } from '../core/shape.ts'
import { literal, name, names, parquetOptions, SQL_TYPE } from '../engine/sql.ts'
import type { Desk } from './desk.ts'
import { footerMetadata, isMadeOf } from './footer.ts'
import { projection } from './projection.ts'
import { publish, readDerived } from './publish.ts'

/** The columns of a published snapshot: the entity's, and for per-parent entities the day each row was read. */
export const snapshotColumns = (shape: Shape): readonly StoredColumn[] =>
  shape.parent === undefined ? shape.columns : [...shape.columns, { name: 'observed_on', type: 'date' }]

/** The columns of a published coverage: how old the reading of each parent is. */
export const COVERAGE_COLUMNS: readonly StoredColumn[] = [
  { name: 'parent_id', type: 'text' },
  { name: 'verdict', type: 'text' },
  { name: 'observed_on', type: 'date' },
]

/** Staged files of a per-parent day: its folded rows and how old they are. */
export interface ParentDay {
  readonly snapshot: string
  readonly coverage: string
}

/** A relation of no rows with these columns. */
export const emptyRelation = (columns: readonly StoredColumn[]): string =>
  `(SELECT ${columns.map((column) => `NULL::${SQL_TYPE[column.type]} AS ${name(column.name)}`).join(', ')} WHERE false)`

/** Names all that a per-parent day is made of: every manifest up to it, and the columns it is folded into. */
function chainOf(shape: Shape, days: readonly CommittedDay[], dt: Day): string {
  const chain = days.filter((day) => day.dt <= dt).map((day) => [day.dt, day.version])
  return sha256(JSON.stringify([shape.columns, chain]))
}

async function write(desk: Desk, query: string, inputs: string): Promise<string> {
  const file = desk.session.scratch()
  await desk.session.run(`COPY (${query}) TO ${literal(file)} ${parquetOptions({ inputs })}`)
  return file
}

/** The newest day before `dt` that was not withdrawn. */
async function dayBefore(
  desk: Desk,
  days: readonly CommittedDay[],
  dt: Day,
): Promise<CommittedDay | undefined> {
  for (const day of days.filter((each) => each.dt < dt).reverse()) {
    if ((await desk.manifest(day)).candidate !== null) return day
  }
  return undefined
}

/** The published files of a per-parent day, when they were made of just these manifests. */
async function publishedParentDay(desk: Desk, dt: Day, inputs: string): Promise<ParentDay | undefined> {
  const files: string[] = []
  for (const key of [keys.snapshot(desk.at, dt), keys.coverage(desk.at, dt)]) {
    const object = await readDerived(desk.store, key)
    if (object === undefined) return undefined
    if (footerMetadata(object.bytes)['inputs'] !== inputs) return undefined
    files.push(await desk.session.stage(object.bytes))
  }
  const [snapshot, coverage] = files
  return snapshot === undefined || coverage === undefined ? undefined : { snapshot, coverage }
}

/** Folds a per-parent day from the one before: what was read tonight, and the older reading of what was not. */
async function foldParentDay(
  desk: Desk,
  manifest: Manifest,
  before: ParentDay | undefined,
  inputs: string,
): Promise<ParentDay> {
  const { shape } = desk
  const parent = name(shape.parent ?? '')
  const day = `DATE ${literal(manifest.dt)}`
  const candidate = `read_parquet(${literal(await desk.candidate(manifest.dt, manifest.candidate ?? ''))})`
  const old =
    before === undefined ? emptyRelation(COVERAGE_COLUMNS) : `read_parquet(${literal(before.coverage)})`
  const coverage = await write(
    desk,
    `SELECT c.${parent} AS parent_id, c.${PARENT_VERDICT} AS verdict, CASE WHEN c.${PARENT_VERDICT} = 'read' THEN ${day} ELSE o.observed_on END AS observed_on
     FROM ${candidate} c LEFT JOIN ${old} o ON o.parent_id = c.${parent}
     WHERE c.${PARENT_VERDICT} IS NOT NULL AND c.${PARENT_VERDICT} <> 'vanished' ORDER BY 1`,
    inputs,
  )
  const oldRows =
    before === undefined ? emptyRelation(snapshotColumns(shape)) : `read_parquet(${literal(before.snapshot)})`
  const columns = names(shape.columns.map((column) => column.name))
  const snapshot = await write(
    desk,
    `SELECT * FROM (SELECT ${projection(shape.columns, manifest.columns)}, ${day} AS observed_on FROM ${candidate} WHERE ${PARENT_VERDICT} IS NULL
     UNION ALL BY NAME
     SELECT ${columns}, observed_on FROM ${oldRows} WHERE ${parent} IN
       (SELECT parent_id FROM read_parquet(${literal(coverage)}) WHERE verdict <> 'read'))
     ORDER BY ${names(shape.key)}`,
    inputs,
  )
  return { snapshot, coverage }
}

/** The folded files of a per-parent day, from what is published where that still holds, else from further back. */
export async function parentDay(
  desk: Desk,
  days: readonly CommittedDay[],
  day: CommittedDay,
): Promise<ParentDay> {
  const inputs = chainOf(desk.shape, days, day.dt)
  const published = await publishedParentDay(desk, day.dt, inputs)
  if (published !== undefined) return published
  const manifest = await desk.manifest(day)
  if (manifest.candidate === null) return emptyParentDay(desk, inputs)
  const before = await dayBefore(desk, days, day.dt)
  return foldParentDay(
    desk,
    manifest,
    before === undefined ? undefined : await parentDay(desk, days, before),
    inputs,
  )
}

async function emptyParentDay(desk: Desk, inputs: string): Promise<ParentDay> {
  return {
    snapshot: await write(desk, `SELECT * FROM ${emptyRelation(snapshotColumns(desk.shape))}`, inputs),
    coverage: await write(desk, `SELECT * FROM ${emptyRelation(COVERAGE_COLUMNS)}`, inputs),
  }
}

/** Publishes snapshot and coverage of a per-parent day. The number of objects written. */
async function publishParentDay(desk: Desk, dt: Day): Promise<number> {
  let written = 0
  for (const which of ['snapshot', 'coverage'] as const) {
    const wrote = await publish(desk.store, keys[which](desk.at, dt), async () => {
      const days = await committedDays(desk.store, desk.at)
      const inputs = chainOf(desk.shape, days, dt)
      return {
        isSame: isMadeOf(inputs),
        build: async () => {
          const day = days.find((each) => each.dt === dt) ?? { dt, version: 0 }
          return desk.session.collect((await parentDay(desk, days, day))[which])
        },
      }
    })
    written += wrote ? 1 : 0
  }
  return written
}

/** Publishes a day of an entity of its own: the candidate itself, or no rows for a withdrawn day. */
async function publishOwnDay(desk: Desk, dt: Day): Promise<number> {
  const wrote = await publish(desk.store, keys.snapshot(desk.at, dt), async () => {
    const days = await committedDays(desk.store, desk.at)
    const day = days.find((each) => each.dt === dt) ?? { dt, version: 0 }
    const manifest = await desk.manifest(day)
    const { candidate } = manifest
    if (candidate !== null) {
      return {
        isSame: ({ sha256 }) => Promise.resolve(sha256 === candidate),
        build: async () => desk.session.collect(await desk.candidate(dt, candidate)),
      }
    }
    const inputs = `withdrawn ${day.version}`
    return {
      isSame: isMadeOf(inputs),
      build: async () =>
        desk.session.collect(
          await write(desk, `SELECT * FROM ${emptyRelation(snapshotColumns(desk.shape))}`, inputs),
        ),
    }
  })
  return wrote ? 1 : 0
}

/** Publishes a committed day's snapshot, and its coverage for per-parent entities. The number of objects written. */
export const publishDay = (desk: Desk, dt: Day): Promise<number> =>
  desk.shape.parent === undefined ? publishOwnDay(desk, dt) : publishParentDay(desk, dt)

/** What each day's snapshot should hold, as a relation, folded from the candidates alone: nothing published is trusted. */
export async function* expectedSnapshots(
  desk: Desk,
  days: readonly CommittedDay[],
): AsyncGenerator<{ day: CommittedDay; rows: string }> {
  let before: ParentDay | undefined
  for (const day of days) {
    const manifest = await desk.manifest(day)
    if (manifest.candidate === null) {
      yield { day, rows: emptyRelation(snapshotColumns(desk.shape)) }
    } else if (desk.shape.parent === undefined) {
      const file = literal(await desk.candidate(day.dt, manifest.candidate))
      yield {
        day,
        rows: `(SELECT ${projection(desk.shape.columns, manifest.columns)} FROM read_parquet(${file}))`,
      }
    } else {
      before = await foldParentDay(desk, manifest, before, chainOf(desk.shape, days, day.dt))
      yield { day, rows: `read_parquet(${literal(before.snapshot)})` }
    }
  }
}
