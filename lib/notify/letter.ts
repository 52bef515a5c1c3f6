import { type Day, dayNumber } from '../core/day.ts'
import { plain } from './clean.ts'
import { subjectOf } from './incident.ts'
import type { News } from './notice.ts'

/** What one message says, before it is put into the shape of a target. */
export interface Letter {
  /** The site's slug. */
  readonly site: string
  /** Who answers for the job. */
  readonly owner: string | undefined
  readonly dt: Day
  readonly run: string
  /** The site's newest day that is whole, where the sender knows it. */
  readonly lastComplete: Day | null
  readonly news: readonly News[]
}

/** One piece of news as a reader sees it, whatever the shape. Null lines are left out. */
export interface Paragraph {
  readonly title: string
  readonly doFirst: string | null
  readonly command: string | null
  readonly detail: string
}

/** What is over, by its subject. */
function recoveredTitle(what: string): string {
  const subject = subjectOf(what)
  if (subject === 'run') return 'the night went through again'
  if (subject === 'token-expires') return 'the personal access token was renewed'
  return `${subject} is fine again`
}

const titleOf = ({ kind, incident }: News): string =>
  kind === 'recovered' ? `recovered: ${recoveredTitle(incident.what)}` : incident.title

/** The news in words: what, what to do first, the details, since when. */
export function paragraphOf(news: News): Paragraph {
  const { kind, incident, dt, run } = news
  const title = titleOf(news)
  if (kind === 'test') return { title, doFirst: null, command: null, detail: incident.detail }
  if (kind === 'recovered')
    return {
      title,
      doFirst: null,
      command: null,
      detail: `Since ${incident.since}: ${incident.title}. Over on ${dt} (run ${run}).`,
    }
  const { doFirst, command } = incident
  const since = `Since ${incident.since} (run ${incident.run}).`
  return { title, doFirst, command, detail: incident.detail === '' ? since : `${incident.detail} — ${since}` }
}

/** Trouble first, so that a message that must be cut keeps it. */
export const inOrder = (news: readonly News[]): readonly News[] => [
  ...news.filter(({ kind }) => kind !== 'recovered'),
  ...news.filter(({ kind }) => kind === 'recovered'),
]

/** The first line: which site, which night, what; the worst stands for the rest. */
export function headline({ site, dt, news }: Letter): string {
  const [first, ...others] = inOrder(news)
  const more = others.length === 0 ? '' : `, and ${others.length} more`
  return `${site}, night of ${dt}: ${first === undefined ? 'nothing new' : titleOf(first)}${more}`
}

/** The last line: who answers for the job, how old the newest whole day is, which run says so. */
export function footer({ owner, dt, run, lastComplete }: Letter): string {
  const age = lastComplete === null ? 0 : dayNumber(dt) - dayNumber(lastComplete)
  const old = age === 0 ? 'this night' : age === 1 ? '1 day old' : `${age} days old`
  return [
    ...(owner === undefined ? [] : [`Owner: ${plain(owner)}`]),
    ...(lastComplete === null ? [] : [`Last complete day: ${lastComplete} (${old})`]),
    `Run ${run}`,
  ].join(' · ')
}

/** What stands for the news that a message has no room for. */
export const andMore = (count: number): string => `… and ${count} more: "almanac status" shows them all.`

/** As many of the parts, from the first on, as fit into so many bytes of JSON, and no more than `most`. */
export function fitting<T>(parts: readonly T[], bytes: number, most: number): readonly T[] {
  let left = bytes
  const end = parts.slice(0, most).findIndex((part) => {
    left -= Buffer.byteLength(JSON.stringify(part)) + 1
    return left < 0
  })
  return parts.slice(0, end === -1 ? most : end)
}
