import type { Day } from '../core/day.ts'
import { fitting, headline, inOrder, type Letter, paragraphOf } from './letter.ts'
import type { News } from './notice.ts'

/** One piece of news for machines. */
export interface JsonNews {
  readonly kind: News['kind']
  /** `subject:kind`, the same every night: what to join messages by. */
  readonly what: string
  readonly title: string
  readonly detail: string
  /** Null for what needs nothing done. */
  readonly doFirst: string | null
  /** A command to paste; null when none helps. */
  readonly command: string | null
  /** The day it was first seen. */
  readonly since: Day
  /** The night that brought the news, and its run. */
  readonly dt: Day
  readonly run: string
}

/** A message for a program. Fields may be added; those here stay. */
export interface JsonMessage {
  readonly format: 1
  readonly headline: string
  readonly site: string
  readonly owner: string | null
  readonly dt: Day
  readonly run: string
  readonly lastComplete: Day | null
  readonly news: readonly JsonNews[]
  /** How many pieces of news there was no room for. */
  readonly omitted: number
}

/** Of our own choosing: what a small receiver takes without being set up for it. */
const NEWS_BYTES = 200_000

function jsonNews(news: News): JsonNews {
  const { title, detail, doFirst, command } = paragraphOf(news)
  const { kind, incident, dt, run } = news
  return { kind, what: incident.what, title, detail, doFirst, command, since: incident.since, dt, run }
}

/** A letter as plain JSON. */
export function jsonMessage(letter: Letter): JsonMessage {
  const { site, owner, dt, run, lastComplete } = letter
  const all = inOrder(letter.news).map(jsonNews)
  const news = fitting(all, NEWS_BYTES, all.length)
  return {
    format: 1,
    headline: headline(letter),
    site,
    owner: owner ?? null,
    dt,
    run,
    lastComplete,
    news,
    omitted: all.length - news.length,
  }
}
