import type { Day } from '../core/day.ts'
import { keys } from '../core/keys.ts'
import { type CommittedDay, committedDays } from '../core/manifest.ts'
import { sha256 } from '../core/sha256.ts'
import type { Shape } from '../core/shape.ts'
import { type Desk, rowsOfManifest } from './desk.ts'
import { footerMetadata, isMadeOf } from './footer.ts'
import { publish, readDerived } from './publish.ts'
import type { ParentDay, ParentInputs, StagedFile } from './transforms.ts'

/** Names all that a per-parent day is made of: every manifest up to it, and the columns it is folded into. */
function chainOf(shape: Shape, days: readonly CommittedDay[], dt: Day): ParentInputs {
  const chain = days.filter((day) => day.dt <= dt).map((day) => [day.dt, day.version])
  const name = sha256(JSON.stringify([shape.columns, chain]))
  return { snapshot: `snapshot ${name}`, coverage: `coverage ${name}` }
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
async function publishedParentDay(desk: Desk, dt: Day, inputs: ParentInputs): Promise<ParentDay | undefined> {
  const files: StagedFile[] = []
  for (const which of ['snapshot', 'coverage'] as const) {
    const object = await readDerived(desk.store, keys[which](desk.at, dt))
    if (object === undefined) return undefined
    if (footerMetadata(object.bytes)['inputs'] !== inputs[which]) return undefined
    files.push(await desk.transforms.stage(object.bytes))
  }
  const [snapshot, coverage] = files
  return snapshot === undefined || coverage === undefined ? undefined : { snapshot, coverage }
}

/**
 * The folded files of a per-parent day, from what is published where that still holds and is trusted, else from further
 * back.
 */
export async function parentDay(
  desk: Desk,
  days: readonly CommittedDay[],
  day: CommittedDay,
): Promise<ParentDay> {
  const inputs = chainOf(desk.shape, days, day.dt)
  return desk.parentDay(inputs, async () => {
    const published = desk.isTrusting ? await publishedParentDay(desk, day.dt, inputs) : undefined
    if (published !== undefined) return published
    const rows = await rowsOfManifest(desk, await desk.manifest(day))
    const before = rows === null ? undefined : await dayBefore(desk, days, day.dt)
    const folded = before === undefined ? undefined : await parentDay(desk, days, before)
    return desk.transforms.parentDay(day.dt, rows, folded, inputs)
  })
}

/** Publishes snapshot and coverage of a per-parent day. The number of objects written. */
async function publishParentDay(desk: Desk, dt: Day): Promise<number> {
  let written = 0
  for (const which of ['snapshot', 'coverage'] as const) {
    const wrote = await publish(desk, keys[which](desk.at, dt), async () => {
      const days = await committedDays(desk.store, desk.at)
      return {
        isSame: isMadeOf(chainOf(desk.shape, days, dt)[which]),
        build: async () => {
          const day = days.find((each) => each.dt === dt) ?? { dt, version: 0 }
          return desk.transforms.collect((await parentDay(desk, days, day))[which])
        },
      }
    })
    written += wrote ? 1 : 0
  }
  return written
}

/** Publishes a day of an entity of its own: the candidate itself, or no rows for a withdrawn day. */
async function publishOwnDay(desk: Desk, dt: Day): Promise<number> {
  const wrote = await publish(desk, keys.snapshot(desk.at, dt), async () => {
    const days = await committedDays(desk.store, desk.at)
    const day = days.find((each) => each.dt === dt) ?? { dt, version: 0 }
    const manifest = await desk.manifest(day)
    const { candidate } = manifest
    if (candidate !== null) {
      return {
        isSame: ({ sha256 }) => Promise.resolve(sha256 === candidate),
        build: async () => desk.transforms.collect(await desk.candidate(dt, candidate)),
      }
    }
    const inputs = `withdrawn ${day.version} ${sha256(JSON.stringify(desk.shape.columns))}`
    return {
      isSame: isMadeOf(inputs),
      build: async () => desk.transforms.collect(await desk.transforms.snapshot(null, inputs)),
    }
  })
  return wrote ? 1 : 0
}

/** Publishes a committed day's snapshot, and its coverage for per-parent entities. The number of objects written. */
export const publishDay = (desk: Desk, dt: Day): Promise<number> =>
  desk.shape.parent === undefined ? publishOwnDay(desk, dt) : publishParentDay(desk, dt)

/** A day and what its published objects should be, made when asked for. */
export interface ExpectedDay {
  readonly day: CommittedDay
  snapshot(): Promise<StagedFile>
  /** Of per-parent entities, what its coverage should be. */
  readonly coverage?: () => Promise<StagedFile>
}

/** What each day’s objects should hold, made when asked for; at a desk that trusts nothing, of the candidates alone. */
export async function* expectedSnapshots(
  desk: Desk,
  days: readonly CommittedDay[],
): AsyncGenerator<ExpectedDay> {
  for (const day of days) {
    if (desk.shape.parent === undefined) {
      const rows = await rowsOfManifest(desk, await desk.manifest(day))
      yield { day, snapshot: () => desk.transforms.snapshot(rows, EXPECTED) }
      continue
    }
    const folded = () => parentDay(desk, days, day)
    yield {
      day,
      snapshot: async () => (await folded()).snapshot,
      coverage: async () => (await folded()).coverage,
    }
  }
}

/** Stands in the footer of files that are compared and never published. */
const EXPECTED = 'expected'
