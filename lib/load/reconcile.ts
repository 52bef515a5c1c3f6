import type { Day } from '../core/day.ts'
import { AlmanacError } from '../core/errors.ts'
import { keys } from '../core/keys.ts'
import { type CommittedDay, committedDays } from '../core/manifest.ts'
import { publishCurrent } from './current.ts'
import type { Desk } from './desk.ts'
import { commonPrefix, type FoundHistory, findHistory, foldHistory, NOTHING } from './history.ts'
import { publishDay } from './snapshot.ts'
import type { DayChanges } from './transforms.ts'

const ATTEMPTS = 20

/** The days of which a published object is not there: lost, or never written. */
async function missingDays(desk: Desk, days: readonly CommittedDay[]): Promise<readonly CommittedDay[]> {
  const wanted =
    desk.shape.parent === undefined ? (['snapshot'] as const) : (['snapshot', 'coverage'] as const)
  const lists = wanted.map((area) => desk.store.list(keys.published(area, desk.at)))
  const there = new Set((await Promise.all(lists)).flat().map(({ key }) => key))
  return days.filter(({ dt }) => wanted.some((area) => !there.has(keys[area](desk.at, dt))))
}

/**
 * The days that a history and the manifests disagree on; for per-parent entities all from the first such day on,
 * since each of their days is folded from the one before.
 */
export function differingDays(
  found: FoundHistory,
  days: readonly CommittedDay[],
  isChain: boolean,
): readonly CommittedDay[] {
  if (isChain) return days.slice(commonPrefix(found.applied, days))
  const applied = new Map(found.applied.map((day) => [day.dt, day.version]))
  return days.filter((day) => applied.get(day.dt) !== day.version)
}

const sameDays = (a: readonly CommittedDay[], b: readonly CommittedDay[]): boolean =>
  a.length === b.length && commonPrefix(a, b) === a.length

/** What was published: how many objects, and what each day did that history was folded over. */
export interface Published {
  readonly objects: number
  readonly changes: ReadonlyMap<Day, DayChanges>
}

/** One turn: publishes what differs, then history. Undefined when the world moved meanwhile. */
async function turn(desk: Desk): Promise<(Published & { readonly isEmpty: boolean }) | undefined> {
  const there = await findHistory(desk)
  const found = desk.isTrusting ? there : { etag: there.etag, ...NOTHING }
  const days = await committedDays(desk.store, desk.at)
  let written = 0
  let changes: Published['changes'] = new Map()
  // Snapshots before the history that names them: the other order was modelled to go wrong in 5 % of crash schedules.
  const differing = differingDays(found, days, desk.shape.parent !== undefined)
  for (const day of new Set([...differing, ...(await missingDays(desk, days))]))
    written += await publishDay(desk, day.dt)
  if (days.length > 0 && !sameDays(found.applied, days)) {
    const folded = await foldHistory(desk, found, days)
    const bytes = await desk.transforms.collect(folded.file)
    changes = folded.changes
    const condition = found.etag === undefined ? 'absent' : { etag: found.etag }
    if (!(await desk.store.write(keys.history(desk.at), bytes, condition)).won) return undefined
    written++
  }
  // A day committed while we folded would wait for the next load if nobody looked again.
  const isStill = sameDays(days, await committedDays(desk.store, desk.at))
  return isStill ? { objects: written, changes, isEmpty: days.length === 0 } : undefined
}

/**
 * Brings every published object of an entity in line with its manifests, whoever left it behind: snapshots,
 * history, current, in this order. 0 objects when all was right already. At a desk that trusts nothing, each day is made
 * again and history is folded from its beginning.
 */
export async function reconcile(desk: Desk): Promise<Published> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const done = await turn(desk)
    if (done === undefined) continue
    // Where no day was ever committed, there is nothing to publish.
    const objects = done.objects + (done.isEmpty ? 0 : await publishCurrent(desk))
    return { objects, changes: done.changes }
  }
  throw new AlmanacError(
    'store-conflict',
    `${desk.at.entity} of ${desk.at.site}: its days kept changing while it was published`,
  )
}
