import { keys, parseKey } from '../core/keys.ts'
import type { ObjectStore } from '../core/ports.ts'
import { parseStored } from '../core/receipt.ts'
import type { RunReport } from '../core/report.ts'

/** The report of the run of a site that began last, of those for its newest day; undefined before its first. */
export async function newestRun(store: ObjectStore, site: string): Promise<RunReport | undefined> {
  const all = (await store.list(keys.runs(site))).map(({ key }) => ({
    key,
    dt: parseKey(key)?.labels['dt'] ?? '',
  }))
  const newest = all.filter(({ dt }) => dt === all.at(-1)?.dt)
  const reports: RunReport[] = []
  for (const { key } of newest) {
    const object = await store.read(key)
    if (object !== undefined) reports.push(parseStored<RunReport>(key, object.bytes))
  }
  return reports.sort((a, b) => a.startedAt - b.startedAt).at(-1)
}
