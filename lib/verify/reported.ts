import type { Day } from '../core/day.ts'
import type { Entity } from '../core/entity.ts'
import { isError } from '../core/errors.ts'
import { keys, type Place } from '../core/keys.ts'
import { committedDays } from '../core/manifest.ts'
import type { ObjectStore } from '../core/ports.ts'
import { parseStored } from '../core/receipt.ts'
import type { RunReport } from '../core/report.ts'
import { observedDays } from '../load/events.ts'
import type { Finding } from './finding.ts'
import { reportedHint } from './hint.ts'

/** The days of each entity that a site's runs call complete. */
export type Reported = ReadonlyMap<string, ReadonlySet<Day>>

/** A report; undefined for one that is damaged: `verifySite` names it, and it tells nothing. */
async function readReport(store: ObjectStore, key: string): Promise<RunReport | undefined> {
  try {
    const object = await store.read(key)
    return object && parseStored<RunReport>(key, object.bytes)
  } catch (error) {
    if (!isError(error, 'corrupt-object')) throw error
    return undefined
  }
}

/**
 * What a site's runs call complete: that was committed before its report was written. A run that failed may end between the
 * reading of an entity and its commit.
 */
export async function reportedDays(store: ObjectStore, site: string): Promise<Reported> {
  const listed = await store.list(keys.runs(site))
  const reports = await Promise.all(listed.map(({ key }) => readReport(store, key)))
  const reported = new Map<string, Set<Day>>()
  for (const { dt, failure, outcomes } of reports.flatMap((report) => report ?? [])) {
    for (const { entity, verdict } of failure === null ? outcomes : []) {
      if (verdict !== 'complete') continue
      reported.set(entity, (reported.get(entity) ?? new Set()).add(dt))
    }
  }
  return reported
}

/** So many days are named in a message. */
const NAMED = 5

/** The days that runs call complete and of which nothing is committed any more, as one finding. */
export async function* verifyReported(
  store: ObjectStore,
  { name, event }: Entity,
  at: Place,
  reported: Reported,
): AsyncGenerator<Finding> {
  const days =
    event === undefined ? (await committedDays(store, at)).map(({ dt }) => dt) : await observedDays(store, at)
  const there = new Set(days)
  const lost = [...(reported.get(name) ?? [])].filter((dt) => !there.has(dt)).sort()
  if (lost.length === 0) return
  const [what, key] =
    event === undefined ? ['manifest', keys.manifests(at)] : ['reading', keys.observations(at)]
  const more = lost.length > NAMED ? ` and ${lost.length - NAMED} more` : ''
  const message = `runs call it complete on ${lost.slice(0, NAMED).join(', ')}${more}, and no ${what} is there`
  yield { ...at, key, level: 'wrong', message, next: reportedHint(at, event === undefined) }
}
