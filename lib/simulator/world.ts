import { dayName, dayNumber, instant, READ_AT_S } from './calendar.ts'
import { churnContent } from './churn-content.ts'
import { churnPeople } from './churn-people.ts'
import { churnProjects } from './churn-projects.ts'
import type { Counts } from './counts.ts'
import type { Draft } from './draft.ts'
import type { Membership, World } from './facts.ts'
import { foundSite } from './founding.ts'
import { churnJobs, jobAt } from './jobs.ts'
import { randomOf } from './random.ts'
import { settle, siteOf } from './settle.ts'

/** What a world is made from. The same three always give the same days. */
export type WorldOptions = {
  seed: string | number
  counts: Counts
  /** The first day, `YYYY-MM-DD`; the counts are exact on it. */
  firstDay: string
  /** The site's content URL (default `demo`; `''` is Tableau Server's default site). */
  contentUrl?: string
}

const stepTo = (before: Draft, day: number): Draft => {
  const draft: Draft = {
    ...before,
    day,
    serials: { ...before.serials },
    users: before.users.slice(),
    groups: before.groups.slice(),
    members: new Map(before.members),
    projects: before.projects.slice(),
  }
  const goneProjects = churnProjects(draft, randomOf(draft.seed, 'projects', day))
  churnContent(draft, randomOf(draft.seed, 'content', day), goneProjects)
  churnPeople(draft, randomOf(draft.seed, 'people', day))
  churnJobs(draft, randomOf(draft.seed, 'jobs', day), day)
  settle(draft)
  return draft
}

const firstDraft = (seed: string, contentUrl: string, counts: Counts, day: number): Draft => {
  const draft = foundSite(seed, contentUrl, counts, day)
  for (let past = day - counts.jobDays + 1; past <= day; past++) {
    churnJobs(draft, randomOf(seed, 'jobs', past), past)
  }
  settle(draft)
  return draft
}

const flatten = (members: ReadonlyMap<string, readonly string[]>): Membership[] => {
  const pairs: Membership[] = []
  for (const [groupId, userIds] of members) for (const userId of userIds) pairs.push({ groupId, userId })
  return pairs
}

const worldAt = (draft: Draft): World => {
  const now = instant(draft.day, READ_AT_S)
  const members = new Map(draft.members)
  const everyone = draft.groups[0]
  if (everyone !== undefined) {
    members.set(
      everyone.id,
      draft.users.map((user) => user.id),
    )
  }
  let memberships: readonly Membership[] | undefined
  return {
    day: dayName(draft.day),
    site: siteOf(draft),
    users: draft.users,
    groups: draft.groups,
    get memberships() {
      memberships ??= flatten(members)
      return memberships
    },
    members,
    projects: draft.projects,
    workbooks: draft.workbooks,
    views: draft.views,
    datasources: draft.datasources,
    jobs: draft.courses.map((job) => jobAt(job, now)),
  }
}

const rowsOf = (draft: Draft): number => draft.users.length + draft.views.length + draft.workbooks.length
const KEPT_ROWS = 300_000

/**
 * The truth of a simulated site, day by day: a pure function of seed, counts and first day.
 * The next day costs one step; days seen lately are remembered, earlier ones are built again from the first.
 * The returned function throws RangeError for a day that is none, or before the first.
 */
export const worldOf = (options: WorldOptions): ((day: string) => World) => {
  const contentUrl = options.contentUrl ?? 'demo'
  const seed = `${options.seed}/${contentUrl}`
  const first = dayNumber(options.firstDay)
  const days = new Map<number, World>()
  let latest: Draft | undefined
  const remember = (draft: Draft): void => {
    days.set(draft.day, worldAt(draft))
    const kept = Math.max(2, Math.floor(KEPT_ROWS / rowsOf(draft)))
    for (const day of days.keys()) if (days.size > kept) days.delete(day)
  }
  return (name) => {
    const day = dayNumber(name)
    if (day < first) throw new RangeError(`simulator: ${name} is before the first day, ${options.firstDay}`)
    const known = days.get(day)
    if (known !== undefined) return known
    let draft =
      latest !== undefined && latest.day < day ? latest : firstDraft(seed, contentUrl, options.counts, first)
    if (draft.day === first) remember(draft)
    while (draft.day < day) {
      draft = stepTo(draft, draft.day + 1)
      remember(draft)
    }
    latest = draft
    return days.get(day) ?? worldAt(draft)
  }
}
