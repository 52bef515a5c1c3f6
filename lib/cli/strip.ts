import { addDays, type Day } from '../core/day.ts'
import type { EntityOutcome } from '../core/event.ts'
import { keys, parseKey } from '../core/keys.ts'
import type { ObjectStore } from '../core/ports.ts'
import type { RunReport } from '../core/report.ts'
import { reportsOf } from './newest-night.ts'
import type { Paint } from './paint.ts'

/** How many nights a strip shows. */
export const STRIP_NIGHTS = 30

/** What became of a night: `none` means that nobody ran it. */
export type Night = 'complete' | 'incomplete' | 'failed' | 'none'

/** Whether an entity's day is there by now: read again, or accepted since. */
export type IsThere = (entity: string, dt: Day) => boolean

/** Whether a night lacks what its run came to: it never was complete, or its day was withdrawn or is lost since. */
export const isLacking = (
  { entity, verdict }: Pick<EntityOutcome, 'entity' | 'verdict'>,
  dt: Day,
  isThere: IsThere,
): boolean => verdict !== 'unsupported' && !isThere(entity, dt)

/** What a night's runs came to as things stand now: whatever one of them lacked must be there by now. */
export function nightOf(reports: readonly RunReport[], isThere: IsThere): Night {
  const last = reports.at(-1)
  if (last === undefined) return 'none'
  const lacksAny = reports.some(({ dt, outcomes }) =>
    outcomes.some((outcome) => isLacking(outcome, dt, isThere)),
  )
  if (!lacksAny) return 'complete'
  return last.failure === null ? 'incomplete' : 'failed'
}

/** A night of a strip, with the reports of its runs in the order in which they began. */
export interface NightOfStrip {
  readonly dt: Day
  readonly night: Night
  readonly reports: readonly RunReport[]
}

/** A site's nights up to a day, oldest first. */
export async function nightsUpTo(
  store: ObjectStore,
  site: string,
  last: Day,
  isThere: IsThere,
): Promise<readonly NightOfStrip[]> {
  const runs = (await store.list(keys.runs(site))).map(({ key }) => key)
  const days = Array.from({ length: STRIP_NIGHTS }, (_, i) => addDays(last, i + 1 - STRIP_NIGHTS))
  return Promise.all(
    days.map(async (dt) => {
      const ours = runs.filter((key) => parseKey(key)?.labels['dt'] === dt)
      const reports = await reportsOf(store, ours)
      return { dt, night: nightOf(reports, isThere), reports }
    }),
  )
}

const SIGNS: Readonly<Record<Night, string>> = { complete: '●', incomplete: '▲', failed: '✗', none: '·' }

/** What the signs mean, for the line below the strips. */
export const STRIP_LEGEND = '● complete  ▲ incomplete  ✗ failed  · no run'

/** The nights as signs, each of its own shape so that colour adds nothing that is needed. */
export function stripText(nights: readonly Night[], colour: Paint): string {
  const tones: Readonly<Record<Night, (text: string) => string>> = {
    complete: colour.good,
    incomplete: colour.warn,
    failed: colour.bad,
    none: colour.dim,
  }
  return nights.map((night) => tones[night](SIGNS[night])).join('')
}
