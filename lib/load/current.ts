import { keys } from '../core/keys.ts'
import { type CommittedDay, committedDays } from '../core/manifest.ts'
import { currentColumns, snapshotColumns } from '../core/published.ts'
import { type Desk, rowsOfManifest } from './desk.ts'
import { isMadeOf } from './footer.ts'
import { publish } from './publish.ts'
import { parentDay } from './snapshot.ts'
import type { StagedFile, StagedRows } from './transforms.ts'

/** The newest committed day that was not withdrawn. */
async function lastComplete(desk: Desk, days: readonly CommittedDay[]): Promise<CommittedDay | undefined> {
  for (const day of [...days].reverse()) {
    if ((await desk.manifest(day)).candidate !== null) return day
  }
  return undefined
}

async function rowsOf(
  desk: Desk,
  days: readonly CommittedDay[],
  day: CommittedDay,
): Promise<StagedRows | null> {
  if (desk.shape.parent === undefined) return rowsOfManifest(desk, await desk.manifest(day))
  const { snapshot } = await parentDay(desk, days, day)
  return { file: snapshot, columns: snapshotColumns(desk.shape) }
}

/** The current table as these days make it: the last complete one, or no rows. */
export async function currentFile(
  desk: Desk,
  days: readonly CommittedDay[],
  inputs: string,
): Promise<StagedFile> {
  const last = await lastComplete(desk, days)
  const rows = last === undefined ? null : await rowsOf(desk, days, last)
  return desk.transforms.current(last === undefined || rows === null ? null : { rows, dt: last.dt }, inputs)
}

/** Publishes the last complete day as the current table. The number of objects written. */
export async function publishCurrent(desk: Desk): Promise<number> {
  const wrote = await publish(desk, keys.current(desk.at), async () => {
    const days = await committedDays(desk.store, desk.at)
    const last = await lastComplete(desk, days)
    const columns = JSON.stringify(currentColumns(desk.shape))
    const inputs =
      last === undefined
        ? 'none'
        : JSON.stringify([last, desk.shape.parent === undefined ? [] : days, columns])
    return {
      isSame: isMadeOf(inputs),
      build: async () => desk.transforms.collect(await currentFile(desk, days, inputs)),
    }
  })
  return wrote ? 1 : 0
}
