import { keys, type Place } from '../../lib/core/keys.ts'
import { committedDays, type Manifest } from '../../lib/core/manifest.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import type { CandidateReceipt } from '../../lib/core/receipt.ts'
import { PARENT_VERDICT } from '../../lib/core/shape.ts'
import type { ParentNight } from '../load/links.ts'
import { historyOracle, type Reading } from '../load/oracle.ts'
import { daysOf, linksHistory, type Night, publishedOf } from '../load/parents-oracle.ts'
import { type PlainRow, plainRows, rowText } from './plain-file.ts'

/** A committed day with its candidate's rows; null when it was withdrawn. */
export interface CommittedReading {
  readonly dt: string
  readonly manifest: Manifest
  readonly rows: readonly PlainRow[] | null
}

/** What should be published: the rows of each object, in order, as texts by key. */
export type Published = ReadonlyMap<string, string>

const decoder = new TextDecoder()

async function bytesOf(objects: ObjectStore, key: string): Promise<Uint8Array> {
  const object = await objects.read(key)
  if (object === undefined) throw new Error(`${key} is not there`)
  return object.bytes
}

async function jsonOf<T>(objects: ObjectStore, key: string): Promise<T> {
  return JSON.parse(decoder.decode(await bytesOf(objects, key)))
}

/** Every committed day of a place, in order, as the store holds it now. */
export async function committedReadings(
  objects: ObjectStore,
  at: Place,
): Promise<readonly CommittedReading[]> {
  const readings: CommittedReading[] = []
  for (const { dt, version } of await committedDays(objects, at)) {
    const manifest = await jsonOf<Manifest>(objects, keys.manifest(at, dt, version))
    const { candidate } = manifest
    const rows =
      candidate === null ? null : await plainRows(await bytesOf(objects, keys.candidate(at, dt, candidate)))
    readings.push({ dt, manifest, rows })
  }
  return readings
}

/** Rows as one text, in their order. */
export const rowsText = (rows: readonly PlainRow[]): string => rows.map(rowText).join('\n')

const TRACKED = ['name', 'size', 'tags'] as const

function thingsPublished(at: Place, readings: readonly CommittedReading[]): Published {
  const taken = readings.filter(({ rows }) => rows !== null)
  const oracle: readonly Reading[] = taken.map(({ dt, rows }) => ({
    dt,
    missing: [],
    rows: new Map(
      (rows ?? []).map((row) => [
        String(row['id']),
        row as Reading['rows'] extends ReadonlyMap<string, infer R> ? R : never,
      ]),
    ),
  }))
  const last = taken.at(-1)
  return new Map([
    ...readings.map(({ dt, rows }) => [keys.snapshot(at, dt), rowsText(rows ?? [])] as const),
    [keys.history(at), rowsText(historyOracle(oracle, TRACKED).versions as readonly PlainRow[])],
    [
      keys.current(at),
      rowsText((last?.rows ?? []).map((row) => ({ ...row, as_of: last?.dt ?? null, unknown: null }))),
    ],
  ])
}

/** A per-parent candidate as the night it was. */
export function nightOf({ dt, rows }: Pick<CommittedReading, 'dt' | 'rows'>): Night {
  const parents: Record<string, ParentNight[string]> = {}
  for (const row of rows ?? []) {
    const verdict = row[PARENT_VERDICT]
    if (verdict === null || verdict === undefined) continue
    parents[String(row['box_id'])] = verdict === 'read' ? {} : (verdict as 'not_read')
  }
  for (const row of rows ?? []) {
    const children = parents[String(row['box_id'])]
    if (row[PARENT_VERDICT] == null && typeof children === 'object')
      parents[String(row['box_id'])] = { ...children, [String(row['thing_id'])]: String(row['role']) }
  }
  return { dt, parents }
}

function linksPublished(at: Place, readings: readonly CommittedReading[]): Published {
  const taken = readings.filter(({ rows }) => rows !== null)
  const nights = taken.map(nightOf)
  const known = new Map(daysOf(nights).map((day) => [day.dt, publishedOf(day.known)]))
  const last = taken.at(-1)?.dt
  const lastRows = last === undefined ? [] : (known.get(last)?.snapshot ?? [])
  return new Map([
    ...readings.map(({ dt }) => [keys.snapshot(at, dt), rowsText(known.get(dt)?.snapshot ?? [])] as const),
    ...readings.map(({ dt }) => [keys.coverage(at, dt), rowsText(known.get(dt)?.coverage ?? [])] as const),
    [keys.history(at), rowsText(linksHistory(nights) as readonly PlainRow[])],
    [keys.current(at), rowsText(lastRows.map((row) => ({ ...row, as_of: last ?? null, unknown: null })))],
  ])
}

/** What the manifests of a place make of it; nothing where no day was ever committed. */
export function publishedBy(at: Place, readings: readonly CommittedReading[]): Published {
  if (at.entity === 'jobs' || readings.length === 0) return new Map()
  return at.entity === 'links' ? linksPublished(at, readings) : thingsPublished(at, readings)
}

/** One committed reading of events. */
export interface ObservedReading {
  readonly hash: string
  readonly receipt: CandidateReceipt
  readonly rows: readonly PlainRow[]
}

/** Every observation of a place, as the store holds it now. */
export async function observedReadings(objects: ObjectStore, at: Place): Promise<readonly ObservedReading[]> {
  const readings: ObservedReading[] = []
  for (const { key } of await objects.list(keys.observations(at))) {
    const hash = /([0-9a-f]{64})\.parquet$/.exec(key)?.[1]
    if (hash === undefined) continue
    const receipt = await jsonOf<CandidateReceipt>(objects, key.replace(/\.parquet$/, '.json'))
    readings.push({ hash, receipt, rows: await plainRows(await bytesOf(objects, key)) })
  }
  return readings
}

const isFinished = (row: PlainRow): number => (row['ended_at'] != null ? 2 : row['status'] === 'Lost' ? 1 : 0)

/** What the observations make of the months of jobs: of each column the value that the last sight to know it saw. */
export function eventsPublished(at: Place, readings: readonly ObservedReading[]): Published {
  const sights = readings
    .flatMap(({ hash, receipt, rows }) =>
      rows.map((row) => ({ row, at: receipt.observedTo, source: receipt.shards[0]?.source ?? '', hash })),
    )
    .sort(
      (a, b) =>
        isFinished(a.row) - isFinished(b.row) ||
        a.at - b.at ||
        a.source.localeCompare(b.source) ||
        a.hash.localeCompare(b.hash),
    )
  const jobs = new Map<string, PlainRow>()
  for (const { row, at: seen } of sights) {
    const known = Object.fromEntries(Object.entries(row).filter(([, cell]) => cell != null))
    const old = jobs.get(String(row['id']))
    const newest = new Date(
      Math.max(seen, Date.parse(`${old?.['observed_at'] ?? '1970-01-01T00:00:00.000'}Z`)),
    )
    jobs.set(String(row['id']), { ...old, ...known, observed_at: newest.toISOString().slice(0, 23) })
  }
  const months = new Map<string, PlainRow[]>()
  for (const [, job] of [...jobs].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const month = String(job['created_at']).slice(0, 7)
    months.set(month, [...(months.get(month) ?? []), job])
  }
  return new Map([...months].map(([month, rows]) => [keys.event(at, month), rowsText(rows)]))
}
