import type { CandidateReceipt } from '../../lib/core/receipt.ts'
import { nightOf } from './oracle.ts'
import type { PlainRow } from './plain-file.ts'
import type { Moment, SimulatedSite } from './site.ts'

/** Between which moments of its site a run read: whatever it calls complete must have been so at one of them. */
export interface Reader {
  readonly site: SimulatedSite
  readonly from: number
  /** Undefined while it reads. */
  to: number | undefined
}

const text = (value: unknown): string => JSON.stringify(value)

const thingText = (id: unknown, name: unknown, size: unknown, tags: unknown): string =>
  text([id, name, Number(size), tags ?? []])

/** The things of a moment, one text each. */
const thingsOf = ({ things }: Moment): ReadonlyMap<string, string> =>
  new Map([...things].map(([id, { name, size, tags }]) => [id, thingText(id, name, size, [...tags].sort())]))

/** A list must hold the things of one moment, each as it was at some moment: a row may change while others are read. */
function thingsFault(rows: readonly PlainRow[], moments: readonly Moment[]): string | undefined {
  const each = moments.map(thingsOf)
  for (const { id, name, size, tags } of rows as readonly Record<string, PlainRow[string]>[]) {
    const row = thingText(id, name, size, tags)
    if (!each.some((things) => things.get(String(id)) === row)) return `no moment had the thing ${row}`
  }
  // Where a day went by while it was read, things came and went at once, which no total shows.
  if (moments.slice(1).some(({ isNewDay }) => isNewDay)) return undefined
  const ids = text(rows.map((row) => row['id']).sort())
  return each.some((things) => text([...things.keys()].sort()) === ids)
    ? undefined
    : `no moment had just the things ${ids}`
}

const linksText = (links: ReadonlyMap<string, string>): string => text([...links].sort())

function linksFault(rows: readonly PlainRow[], moments: readonly Moment[]): string | undefined {
  const { parents } = nightOf({ dt: '', rows })
  const listed = text(Object.keys(parents).sort())
  const isOneDay = !moments.slice(1).some(({ isNewDay }) => isNewDay)
  if (isOneDay && !moments.some(({ boxes }) => text([...boxes.keys()].sort()) === listed))
    return `no moment had the boxes ${listed}`
  for (const [box, reading] of Object.entries(parents)) {
    const isTrue = moments.some(({ boxes, forbidden }) => {
      if (reading === 'forbidden') return forbidden.has(box)
      if (reading === 'vanished') return !boxes.has(box)
      if (reading === 'not_read') return true
      const links = boxes.get(box)
      return links !== undefined && linksText(links) === text(Object.entries(reading).sort())
    })
    if (!isTrue) return `no moment had box ${box} as ${text(reading)}`
  }
  return undefined
}

function jobsFault(
  rows: readonly PlainRow[],
  receipt: CandidateReceipt,
  moments: readonly Moment[],
): string | undefined {
  const window = receipt.shards[0]?.window
  if (window === null || window === undefined) return undefined
  const there = new Set(rows.map((row) => row['id']))
  // What was there all the time that was read, and lies in the window, must have been seen.
  const [first] = moments
  const missed = [...(first?.jobs ?? [])].find(
    ([id, { created }]) =>
      (window.from === null || created >= window.from) && created < window.to && !there.has(id),
  )
  return missed === undefined ? undefined : `job ${missed[0]} lies in the window and was not seen`
}

/** Why a complete reading was never true of its site, or undefined. */
export function truthFault(
  entity: string,
  rows: readonly PlainRow[],
  receipt: CandidateReceipt,
  { site, from, to }: Reader,
): string | undefined {
  const moments = site.moments.slice(from, to === undefined ? undefined : to + 1)
  if (entity === 'jobs') return jobsFault(rows, receipt, moments)
  if (entity === 'links') return linksFault(rows, moments)
  return thingsFault(rows, moments)
}
