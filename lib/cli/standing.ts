import { addDays, type Day, dayNumber } from '../core/day.ts'
import type { Entity } from '../core/entity.ts'
import { committedDays } from '../core/manifest.ts'
import type { ObjectStore } from '../core/ports.ts'
import type { Verdict } from '../core/verdict.ts'
import { completeDays } from '../load/complete-days.ts'
import type { Engine } from '../transform/engine.ts'

/** A reading that is complete and not committed, and why. */
export interface Held {
  readonly entity: string
  readonly site: string
  readonly dt: Day
  readonly candidate: string
  readonly verdict: Verdict
  readonly reason: string
  /** The later day that refutes it, so that it asks for nobody any more; null while it does. */
  readonly refutedBy: Day | null
}

/** How a site's entity stands. */
export interface Standing {
  readonly entity: string
  readonly site: string
  readonly days: readonly Day[]
  readonly last: Day | undefined
  /** Whole days from the last complete day to today, never less than none; undefined when there is none. */
  readonly age: number | undefined
  /** Days between the first and the last complete one that are not. */
  readonly gaps: readonly Day[]
  readonly held: readonly Held[]
  /** Days, of events months, that are committed and that no table shows yet: the next load publishes them. */
  readonly unpublished: readonly string[]
}

/** The days from the first to the last of these that are not among them. */
export function gapsIn(days: readonly Day[]): readonly Day[] {
  const gaps: Day[] = []
  days.slice(1).forEach((day, i) => {
    for (let gap = addDays(days[i] ?? day, 1); gap < day; gap = addDays(gap, 1)) gaps.push(gap)
  })
  return gaps
}

/** Days as ranges: `2026-10-03, 2026-10-05 … 2026-10-07`. */
export function rangesText(days: readonly Day[]): string {
  const ranges: [Day, Day][] = []
  for (const day of days) {
    const last = ranges.at(-1)
    if (last !== undefined && addDays(last[1], 1) === day) last[1] = day
    else ranges.push([day, day])
  }
  return ranges.map(([from, to]) => (from === to ? from : `${from} … ${to}`)).join(', ')
}

const LEFT_BEHIND = {
  verdict: 'complete',
  reason: 'a run ended before its commit; the next load commits it',
  refutedBy: null,
} as const

/** The held readings for which somebody must decide. */
export const waiting = ({ held }: Pick<Standing, 'held'>): readonly Held[] =>
  held.filter(({ refutedBy }) => refutedBy === null)

/** Judges each held candidate again, so that the reason is today's: a neighbour may have been committed since. */
async function heldOf(
  store: ObjectStore,
  entity: Entity,
  site: string,
  engine: () => Promise<Engine>,
): Promise<readonly Held[]> {
  if (entity.event !== undefined) return []
  const [{ atDesk, heldCandidates }, { judge }] = await Promise.all([
    import('../load/load.ts'),
    import('../load/judge.ts'),
  ])
  const days = await committedDays(store, { entity: entity.name, site })
  const receipts = await heldCandidates(store, { entity: entity.name, site }, days)
  if (receipts.length === 0) return []
  return atDesk(store, await engine(), entity, site, async (desk) => {
    const held: Held[] = []
    for (const receipt of receipts) {
      const { dt, sha256: candidate } = receipt
      const judgement = await judge(desk, days, receipt)
      held.push({
        entity: entity.name,
        site,
        dt,
        candidate,
        ...(judgement.verdict === 'complete' ? LEFT_BEHIND : judgement),
      })
    }
    return held
  })
}

/** How an entity of a site stands on a day. `engine` is asked for only when something is held. */
export async function standingOf(
  store: ObjectStore,
  entity: Entity,
  site: string,
  today: Day,
  engine: () => Promise<Engine>,
): Promise<Standing> {
  const days = await completeDays(store, entity, site)
  const { unpublished } = await import('../load/unpublished.ts')
  const last = days.at(-1)
  return {
    entity: entity.name,
    site,
    days,
    last,
    // A day may be ahead of a caller's who does not know the site's time zone.
    age: last === undefined ? undefined : Math.max(0, dayNumber(today) - dayNumber(last)),
    gaps: gapsIn(days),
    held: await heldOf(store, entity, site, engine),
    unpublished: await unpublished(store, entity, site),
  }
}
