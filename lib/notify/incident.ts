import { addDays, dayIn, dayNumber } from '../core/day.ts'
import { ERRORS } from '../core/errors.ts'
import type { EntityOutcome } from '../core/event.ts'
import type { RunReport } from '../core/report.ts'
import type { Verdict } from '../core/verdict.ts'
import { cleaned, plain } from './clean.ts'

/** Something that a person should know of and put right. All texts are cleaned and bounded. */
export interface Incident {
  /** What it is, the same every night: `subject:kind`, as `run:unreachable`, `workbooks:guarded`, `token-expires:7`. */
  readonly what: string
  /** One line, as `workbooks is incomplete`. */
  readonly title: string
  readonly detail: string
  readonly doFirst: string
  /** A command to paste, whole; null when none helps. */
  readonly command: string | null
}

/** What is to be known besides the report. Times in milliseconds since 1970 UTC. */
export interface NightFacts {
  readonly now: number
  /** Null: unknown, which says nothing about the token. */
  readonly tokenExpiresAt: number | null
  /** Whether the site is signed in to with a personal access token. */
  readonly isPat: boolean
  /** The names of the entities that are switched on. */
  readonly entities: readonly string[]
  /** The command that accepts a held candidate (SHA-256). */
  readonly acceptCommand: (entity: string, candidate: string) => string
}

const TITLE_LENGTH = 150
const DETAIL_LENGTH = 700
const DO_FIRST_LENGTH = 400
const COMMAND_LENGTH = 600

const DAY_MS = 86_400_000
/** When to tell that a token expires, in days before it does. */
const TOKEN_DAYS = [7, 30] as const

/** What an incident is about: `run`, `token-expires` or an entity. */
export const subjectOf = (what: string): string => what.slice(0, what.lastIndexOf(':'))

function incident(what: string, texts: Omit<Incident, 'what'>): Incident {
  const command = texts.command === null ? null : plain(texts.command)
  return {
    what,
    title: plain(texts.title).slice(0, TITLE_LENGTH),
    detail: cleaned(texts.detail, DETAIL_LENGTH),
    doFirst: cleaned(texts.doFirst, DO_FIRST_LENGTH),
    command: command !== null && command.length > COMMAND_LENGTH ? null : command,
  }
}

/** What to say of a verdict; null when nobody needs to know. */
const TOLD: Readonly<Record<Verdict, { readonly title: string; readonly doFirst: string } | null>> = {
  complete: null,
  unsupported: null,
  incomplete: { title: 'is incomplete', doFirst: ERRORS.incomplete.next },
  forbidden: { title: 'may not be read', doFirst: ERRORS.forbidden.next },
  guarded: {
    title: 'is held: too much of it would be lost',
    doFirst:
      'Look in Tableau whether that much is really gone. If it is, accept it with the command; if not, run the night again. "almanac status" shows what is held.',
  },
}

const NEXTS = Object.values(ERRORS).map(({ next }) => next)

/** A reason ends with the error's next step in brackets; taken apart where that step is one we know. */
function taken(reason: string, otherwise: string): { detail: string; doFirst: string } {
  const next = NEXTS.find((each) => reason.endsWith(` (${each})`))
  if (next === undefined) return { detail: reason, doFirst: otherwise }
  return { detail: reason.slice(0, -` (${next})`.length), doFirst: next }
}

function entityIncident(
  { entity, verdict, reason, candidate }: EntityOutcome,
  { acceptCommand }: NightFacts,
): Incident[] {
  const told = TOLD[verdict]
  if (told === null) return []
  const hasCommand = verdict === 'guarded' && candidate !== null && candidate !== ''
  return [
    incident(`${entity}:${verdict}`, {
      title: `${entity} ${told.title}`,
      ...taken(reason ?? '', told.doFirst),
      command: hasCommand ? acceptCommand(entity, candidate) : null,
    }),
  ]
}

function runIncident({ failure }: RunReport): Incident[] {
  if (failure === null) return []
  const { code, message, next } = failure
  return [
    incident(`run:${code}`, {
      title: `the night failed: ${code}`,
      detail: message,
      doFirst: next,
      command: null,
    }),
  ]
}

const isKnown = (time: number | null): time is number =>
  time !== null && !Number.isNaN(new Date(time).getTime())

/** How long a token lasts, in days of the calendar (UTC), as its last day is given. */
function whenExpired(expiresAt: number, now: number): string {
  if (expiresAt < now) return 'has expired'
  const days = dayNumber(dayIn('UTC', expiresAt)) - dayNumber(dayIn('UTC', now))
  if (days === 0) return 'expires today'
  return `expires in ${days} ${days === 1 ? 'day' : 'days'}`
}

function tokenIncident({ now, tokenExpiresAt }: NightFacts): Incident[] {
  if (!isKnown(tokenExpiresAt)) return []
  const left = (tokenExpiresAt - now) / DAY_MS
  const within = TOKEN_DAYS.find((days) => left <= days)
  if (within === undefined) return []
  return [
    incident(`token-expires:${within}`, {
      title: `the personal access token ${whenExpired(tokenExpiresAt, now)}`,
      detail: `Its last day is ${dayIn('UTC', tokenExpiresAt)} (UTC). From then on no night can sign in.`,
      doFirst:
        'Create a new personal access token in Tableau, put its name and secret where the configuration says, then run "almanac doctor".',
      command: null,
    }),
  ]
}

/** An entity that the run ended before says nothing of its own: `nightly` gives it the failure's message, or these words. */
const isReached = ({ reason }: EntityOutcome, { failure }: RunReport): boolean =>
  failure === null || (reason !== failure.message && reason !== 'not read in this run')

/** Everything that a night should be told for. Of a run that failed, what it did not reach is no incident of its own. */
export function incidentsOf(report: RunReport, facts: NightFacts): readonly Incident[] {
  const reached = report.outcomes.filter((outcome) => isReached(outcome, report))
  return [
    ...runIncident(report),
    ...reached.flatMap((outcome) => entityIncident(outcome, facts)),
    ...tokenIncident(facts),
  ]
}

/** The entities that a run was asked for; where its report could not be made, all that are switched on. */
export const askedOf = ({ outcomes }: RunReport, { entities }: NightFacts): readonly string[] =>
  outcomes.length === 0 ? entities : outcomes.map(({ entity }) => entity)

/**
 * The entities and the token, so far as a night says something about them; of the others nothing is known, for better or
 * worse. What was not asked for, as events of another day are not, says nothing of whether it may be read.
 */
export function subjectsOf(report: RunReport, facts: NightFacts): ReadonlySet<string> {
  const spoken = report.outcomes.filter(
    (outcome) => outcome.verdict !== 'unsupported' && isReached(outcome, report),
  )
  const token = isKnown(facts.tokenExpiresAt) ? ['token-expires'] : []
  return new Set([...spoken.map(({ entity }) => entity), ...token])
}

/**
 * The subjects that can still have incidents: an entity that is switched off and was not asked for either, or a token
 * where none is used, would keep theirs for ever.
 */
export function keptOf({ outcomes }: RunReport, facts: NightFacts): ReadonlySet<string> {
  const token = facts.isPat || isKnown(facts.tokenExpiresAt) ? ['token-expires'] : []
  return new Set(['run', ...facts.entities, ...outcomes.map(({ entity }) => entity), ...token])
}

/** Ahead of UTC by 14 hours at most, and a day may be asked for that is one from the server's own. */
const DAYS_AHEAD = 2

/**
 * Whether a run speaks of the site at all. One that was asked for the wrong day, or for one that is far off, says something
 * of who asked.
 */
export const isTelling = ({ dt, failure }: RunReport, now: number): boolean =>
  failure?.code !== 'wrong-day' && dt <= addDays(dayIn('UTC', now), DAYS_AHEAD)
