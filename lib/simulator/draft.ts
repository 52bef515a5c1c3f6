import { instant, READ_AT_S } from './calendar.ts'
import type { Counts } from './counts.ts'
import type { Datasource, Group, Job, Project, User, View, Workbook } from './facts.ts'
import { luids, type Random } from './random.ts'

/** The kinds of object that have LUIDs of their own. */
export type Kind = 'user' | 'group' | 'project' | 'workbook' | 'view' | 'datasource' | 'job' | 'space'

/** One kind's LUIDs: `next` counts on from one day to the next, so that no LUID ever comes again. */
export type Serials = Record<Kind, number>

/**
 * A site while one day's changes are made to it. The lists belong to the draft; the objects in them are never
 * changed but replaced, so that earlier days keep theirs.
 */
export type Draft = {
  readonly seed: string
  readonly contentUrl: string
  readonly counts: Counts
  /** Days since 1970. */
  readonly day: number
  readonly serials: Serials
  users: User[]
  groups: Group[]
  /** Members by group id, without All Users (group 0), whose members are all users. */
  members: Map<string, readonly string[]>
  projects: Project[]
  workbooks: Workbook[]
  views: View[]
  datasources: Datasource[]
  /** Jobs with their whole course, the part that lies in the future too. */
  courses: Job[]
}

const makers = new Map<string, (serial: number) => string>()

/** The LUID of a serial number, of one kind, on the site of one seed. */
export const idOf = (seed: string, kind: Kind, serial: number): string => {
  const key = `${kind} ${seed}`
  const maker = makers.get(key) ?? luids(seed, kind)
  makers.set(key, maker)
  return maker(serial)
}

/** Takes the next serial number of a kind. */
export const nextSerial = (draft: Draft, kind: Kind): number => {
  draft.serials[kind] += 1
  return draft.serials[kind]
}

/** A random instant of the draft's day, before it is read. */
export const momentOf = (draft: Draft, random: Random): string => instant(draft.day, random.below(READ_AT_S))

/** A random instant of the years before the draft's day. */
export const pastOf = (draft: Draft, random: Random, days = 2200): string =>
  instant(draft.day - 1 - random.below(days), random.below(86_400))

/** Replaces one object of a list by a copy with changes. */
export const change = <T extends object>(list: T[], index: number, changes: Partial<T>): T => {
  const row = list[index]
  if (row === undefined) throw new RangeError(`simulator: no row ${index} to change`)
  const changed = { ...row, ...changes }
  list[index] = changed
  return changed
}
