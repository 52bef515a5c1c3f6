import { addDays, dayIn } from '../core/day.ts'
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

function tokenIncident({ now, tokenExpiresAt }: NightFacts): Incident[] {
  if (!isKnown(tokenExpiresAt)) return []
  const left = (tokenExpiresAt - now) / DAY_MS
  const within = TOKEN_DAYS.find((days) => left <= days)
  if (within === undefined) return []
  const day = new Date(tokenExpiresAt).toISOString().slice(0, 10)
  const when = left < 0 ? 'has expired' : `expires in ${Math.floor(left)} days`
  return [
    incident(`token-expires:${within}`, {
      title: `the personal access token ${when}`,
      detail: `Its last day is ${day} (UTC). From then on no night can sign in.`,
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

/** The subjects that a night says something about; of the others nothing is known, for better or worse. */
export function subjectsOf(report: RunReport, { tokenExpiresAt }: NightFacts): ReadonlySet<string> {
  const reached = report.outcomes.filter((outcome) => isReached(outcome, report))
  const token = isKnown(tokenExpiresAt) ? ['token-expires'] : []
  return new Set(['run', ...reached.map(({ entity }) => entity), ...token])
}

/** Ahead of UTC by 14 hours at most, and a day may be asked for that is one from the server's own. */
const DAYS_AHEAD = 2

/**
 * Whether a run speaks of the site at all. One that was asked for the wrong day says something of who asked; and a day
 * that has not come yet would make every night until then an older one.
 */
export const isTelling = ({ dt, failure }: RunReport, now: number): boolean =>
  failure?.code !== 'wrong-day' && dt <= addDays(dayIn('UTC', now), DAYS_AHEAD)
