import type { RawItem } from '../../lib/core/item.ts'
import type { Chance } from './chance.ts'

/** A thing of the site: what changes of it. */
export interface Thing {
  /** Null where Tableau sends none. */
  readonly name: string | null
  readonly size: string
  readonly tags: readonly string[]
}

/** A job of the site, in ms since 1970; `end` null while it runs. */
export interface SiteJob {
  readonly created: number
  readonly end: number | null
}

/** All that the site holds at one moment. Never changed: a change makes another moment. */
export interface Moment {
  readonly things: ReadonlyMap<string, Thing>
  /** The roles of each box's things. */
  readonly boxes: ReadonlyMap<string, ReadonlyMap<string, string>>
  readonly forbidden: ReadonlySet<string>
  readonly jobs: ReadonlyMap<string, SiteJob>
  /** Whether a day went by before it, so that much changed at once. */
  readonly isNewDay: boolean
}

/** A site that lives: its moments so far, the last of which is now. */
export interface SimulatedSite {
  readonly slug: string
  readonly moments: Moment[]
  /**
   * Whether things come or go between two calls; never both. One that came and one that went between two pages leave every
   * total as it was: what no client can see is not promised.
   */
  readonly grows: boolean
}

const NAMES = ['A', 'B', null] as const
const ROLES = ['r', 'w'] as const

const anyThing = (chance: Chance): Thing => ({
  name: chance.pick(NAMES),
  size: String(chance.below(3)),
  tags: chance.flip(0.5) ? [] : [chance.pick(['x', 'y'])],
})

const anyLinks = (chance: Chance): ReadonlyMap<string, string> =>
  new Map(['a', 'b', 'c'].filter(() => chance.flip(0.5)).map((thing) => [thing, chance.pick(ROLES)] as const))

/** A site as a seed begins it: some seeds have enough things for the guard to count. */
export function newSite(slug: string, chance: Chance, now: number): SimulatedSite {
  const many = chance.flip(0.4) ? 13 + chance.below(4) : 2 + chance.below(4)
  const things = new Map(Array.from({ length: many }, (_, i) => [`t${i}`, anyThing(chance)] as const))
  const boxes = new Map(['x', 'y', 'z'].slice(chance.below(2)).map((box) => [box, anyLinks(chance)] as const))
  const jobs = new Map([['j0', { created: now - 3_600_000, end: null }]])
  return {
    slug,
    moments: [{ things, boxes, forbidden: new Set(), jobs, isNewDay: true }],
    grows: chance.flip(0.5),
  }
}

/** The site as it is now. */
export const nowOf = ({ moments }: SimulatedSite): Moment => {
  const now = moments.at(-1)
  if (now === undefined) throw new Error('a site without a moment')
  return now
}

function changedThings(things: Moment['things'], chance: Chance): Moment['things'] {
  const next = new Map(things)
  if (chance.flip(0.1)) return new Map()
  if (chance.flip(0.15)) return new Map([...things].slice(0, 3))
  for (const id of things.keys()) {
    if (chance.flip(0.15)) next.delete(id)
    else if (chance.flip(0.25)) next.set(id, anyThing(chance))
  }
  for (let i = 0; i < 3; i++) if (chance.flip(0.3)) next.set(`t${chance.below(20)}`, anyThing(chance))
  return next
}

function changedBoxes({ boxes, forbidden }: Moment, chance: Chance): Pick<Moment, 'boxes' | 'forbidden'> {
  const next = new Map(boxes)
  if (chance.flip(0.1)) next.delete(chance.pick(['x', 'y', 'z']))
  if (chance.flip(0.3)) next.set(chance.pick(['x', 'y', 'z']), anyLinks(chance))
  const shut = new Set(forbidden)
  if (chance.flip(0.2)) shut.add(chance.pick(['x', 'y']))
  if (chance.flip(0.3)) shut.clear()
  return { boxes: next, forbidden: shut }
}

function changedJobs(jobs: Moment['jobs'], chance: Chance, now: number): Moment['jobs'] {
  const next = new Map(jobs)
  for (const [id, job] of jobs) if (job.end === null && chance.flip(0.5)) next.set(id, { ...job, end: now })
  for (let i = 0; i < 2; i++)
    if (chance.flip(0.5)) next.set(`j${next.size}`, { created: now - 1000, end: null })
  return next
}

/** A day goes by: much may change. */
export function passDay(site: SimulatedSite, chance: Chance, now: number): void {
  const before = nowOf(site)
  site.moments.push({
    things: changedThings(before.things, chance),
    ...changedBoxes(before, chance),
    jobs: changedJobs(before.jobs, chance, now),
    isNewDay: true,
  })
}

/** Something small changes between two calls: a thing comes or goes, a box goes, a job begins or ends. */
export function passMoment(site: SimulatedSite, chance: Chance, now: number): void {
  const before = nowOf(site)
  const things = new Map(before.things)
  const boxes = new Map(before.boxes)
  const what = chance.below(4)
  if (what < 2 && site.grows) things.set(`t${30 + chance.below(20)}`, anyThing(chance))
  if (what < 2 && !site.grows) things.delete(chance.pick([...things.keys(), 't0']))
  if (what === 2) boxes.delete(chance.pick(['x', 'y', 'z']))
  const jobs = what === 3 ? changedJobs(before.jobs, chance, now) : before.jobs
  site.moments.push({ ...before, things, boxes, jobs, isNewDay: false })
}

const iso = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`

/** A thing as Tableau's XML would be read. */
export const thingItem = (id: string, { name, size, tags }: Thing): RawItem => ({
  '@id': id,
  ...(name === null ? {} : { '@name': name }),
  '@size': size,
  tags: '',
  ...(tags.length === 0 ? {} : { 'tags/tag/@label': tags }),
})

/** A job as the list tells it. */
export const jobItem = (id: string, { created, end }: SiteJob): RawItem => ({
  '@id': id,
  '@status': end === null ? 'InProgress' : 'Success',
  '@createdAt': iso(created),
  ...(end === null ? {} : { '@endedAt': iso(end) }),
})

/** A job as the answer by id tells it. */
export const jobById = (id: string, { created, end }: SiteJob): RawItem => ({
  '@id': id,
  '@createdAt': iso(created),
  ...(end === null ? {} : { '@completedAt': iso(end), '@finishCode': '0' }),
})
