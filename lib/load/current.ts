import { keys } from '../core/keys.ts'
import { type CommittedDay, committedDays } from '../core/manifest.ts'
import { currentColumns, snapshotColumns } from '../core/published.ts'
import { unknownColumns } from '../core/shape.ts'
import { type Desk, rowsOfManifest } from './desk.ts'
import { isMadeOf } from './footer.ts'
import { publish } from './publish.ts'
import { parentDay } from './snapshot.ts'
import type { CurrentDay, StagedFile, StandingDay } from './transforms.ts'

/** The newest committed day that was not withdrawn. */
async function lastComplete(desk: Desk, days: readonly CommittedDay[]): Promise<CommittedDay | undefined> {
  for (const day of [...days].reverse()) {
    if ((await desk.manifest(day)).candidate !== null) return day
  }
  return undefined
}

/** What each of these readings does not know. */
function readingsOf(desk: Desk, days: readonly CommittedDay[]): Promise<readonly StandingDay[]> {
  return Promise.all(
    days.map(async (day) => ({
      dt: day.dt,
      missing: unknownColumns(desk.shape.columns, await desk.manifest(day)).toSorted(),
    })),
  )
}

/** A day's rows, with the readings that they are of; null when it was withdrawn. */
async function currentDay(
  desk: Desk,
  days: readonly CommittedDay[],
  day: CommittedDay,
): Promise<CurrentDay | null> {
  if (desk.shape.parent === undefined) {
    const rows = await rowsOfManifest(desk, await desk.manifest(day))
    return rows === null ? null : { dt: day.dt, rows, readings: await readingsOf(desk, [day]) }
  }
  const { snapshot, coverage } = await parentDay(desk, days, day)
  const readOn = await desk.transforms.readOn(coverage)
  return {
    dt: day.dt,
    rows: { file: snapshot, columns: snapshotColumns(desk.shape) },
    readings: await readingsOf(
      desk,
      days.filter(({ dt }) => readOn.includes(dt)),
    ),
  }
}

/** The current table as these days make it: the last complete one, or no rows. */
export async function currentFile(
  desk: Desk,
  days: readonly CommittedDay[],
  inputs: string,
): Promise<StagedFile> {
  const last = await lastComplete(desk, days)
  return desk.transforms.current(last === undefined ? null : await currentDay(desk, days, last), inputs)
}

/** Publishes the last complete day as the current table. The number of objects written. */
export async function publishCurrent(desk: Desk): Promise<number> {
  const wrote = await publish(desk, keys.current(desk.at), async () => {
    const days = await committedDays(desk.store, desk.at)
    const last = await lastComplete(desk, days)
    const columns = JSON.stringify(currentColumns(desk.shape))
    const chain = last === undefined || desk.shape.parent === undefined ? [] : days
    const inputs = JSON.stringify([last ?? 'none', chain, columns])
    return {
      isSame: isMadeOf(inputs),
      build: async () => desk.transforms.collect(await currentFile(desk, days, inputs)),
    }
  })
  return wrote ? 1 : 0
}
