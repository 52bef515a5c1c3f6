import { keys, parseKey } from '../core/keys.ts'
import type { ObjectStore } from '../core/ports.ts'
import { parseStored } from '../core/receipt.ts'
import type { RunReport } from '../core/report.ts'
import { isTelling } from '../notify/incident.ts'

/** The reports under these keys, in the order in which their runs began. Throws `corrupt-object`. */
export async function reportsOf(store: ObjectStore, runs: readonly string[]): Promise<readonly RunReport[]> {
  const reports = await Promise.all(
    runs.map(async (key) => {
      const object = await store.read(key)
      return object === undefined ? [] : [parseStored<RunReport>(key, object.bytes)]
    }),
  )
  return reports.flat().sort((a, b) => a.startedAt - b.startedAt)
}

/**
 * The reports of a site's newest night, in the order in which their runs began; none before its first. A run that was asked
 * for a wrong day is no night, unless nothing else was ever tried. `now` in milliseconds since 1970. Throws `corrupt-object`.
 */
export async function newestNight(
  store: ObjectStore,
  site: string,
  now: number,
): Promise<readonly RunReport[]> {
  const runs = (await store.list(keys.runs(site))).map(({ key }) => ({
    key,
    dt: parseKey(key)?.labels['dt'],
  }))
  const days = [...new Set(runs.map(({ dt }) => dt))].reverse()
  const ofDay = (day: string | undefined): Promise<readonly RunReport[]> =>
    reportsOf(
      store,
      runs.filter(({ dt }) => dt === day).map(({ key }) => key),
    )
  for (const day of days) {
    const telling = (await ofDay(day)).filter((report) => isTelling(report, now))
    if (telling.length > 0) return telling
  }
  return ofDay(days[0])
}
