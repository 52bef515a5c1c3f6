import type { METRICS } from '../lambda/telemetry.ts'

/**
 * What an alarm does. A page calls somebody at once: a day is being lost, and a day that is over cannot be read later.
 * Everything else is a message, which waits until the morning.
 */
export type Urgency = 'page' | 'message'

/** One of the metrics of a site. */
export type SiteMetric = (typeof METRICS)['ofSite'][number]
/** One of the metrics that each entity has. */
export type EntityMetric = (typeof METRICS)['ofEntity'][number]

/** What an alarm looks at. */
export type Watched =
  /** One of ours, of the site. */
  | { readonly of: 'site'; readonly name: SiteMetric; readonly statistic: 'Maximum' | 'Minimum' | 'Sum' }
  /** One of ours that each entity has: one alarm over all, whose message names the entity. */
  | { readonly of: 'entities'; readonly name: EntityMetric }
  /**
   * Of AWS: executions that did not succeed; errors and throttles of the functions that all entities share; what came
   * into the queue of dead letters. Extractors are not among the functions: there are as many as entities, and what
   * becomes of each is `EntityNotComplete`.
   */
  | { readonly of: 'machine' | 'errors' | 'throttles' | 'queue' }

/** An alarm of a site, as data: what rings, from what on, and what silence means. */
export interface AlarmSpec {
  /** Its name, and that of its page in `docs/runbooks`. */
  readonly id: string
  readonly urgency: Urgency
  /** What has happened, in one sentence. */
  readonly says: string
  /** What to do first. */
  readonly first: string
  readonly metric: Watched
  readonly threshold: number
  readonly rings: 'above' | 'below'
  readonly periodMinutes: number
  /** How many of the last periods are looked at: the alarm goes on ringing until all but `needed` of them are well. */
  readonly periods: number
  /** How many of them must be beyond the threshold. */
  readonly needed: number
  /** Whether silence is trouble, too, or leaves things as they were last said to be. */
  readonly silence: 'rings' | 'is fine' | 'changes nothing'
  /** For so long after it was made the alarm waits for the first figures before silence counts. */
  readonly warmUpHours?: number
}

const MINUTES_5 = 5
const HOUR = 60
const DAY = 24 * HOUR

/** So many hours from the start of one night to that of the next. */
const NIGHT_TO_NIGHT = 24
/** What the dead-man’s switch takes to ring once a snapshot is too old: the hourly look, two periods, and one to spare. */
const TO_NOTICE = 4
/** Before the next night begins, so that its failure rings anew. */
const LONGEST_HOLD = 20
/** Something noticed in one night rings on into the next: what happens every night is told once, not every morning. */
const OVER_A_NIGHT = { periodMinutes: HOUR, periods: 24, needed: 1 } as const
/** What is said once an hour or once a night, and holds until something else is said. */
const AS_SAID = { periodMinutes: HOUR, periods: 1, needed: 1, silence: 'changes nothing' } as const

/**
 * What befell one night goes on ringing for so many hours: until its snapshot would be too old as well, so that the same
 * incident does not page a second time.
 */
export const heldHours = (snapshotAgeHours: number): number =>
  Math.min(LONGEST_HOLD, snapshotAgeHours - NIGHT_TO_NIGHT + TO_NOTICE)

/** Pages: a day is being lost. */
function pagesOf(snapshotAgeHours: number): readonly AlarmSpec[] {
  const incident = {
    urgency: 'page',
    threshold: 0,
    rings: 'above',
    periodMinutes: MINUTES_5,
    periods: (heldHours(snapshotAgeHours) * HOUR) / MINUTES_5,
    needed: 1,
    silence: 'is fine',
  } as const
  return [
    {
      id: 'snapshot-age',
      urgency: 'page',
      says: `The newest whole day is older than ${snapshotAgeHours} hours, or nobody says how old it is.`,
      first:
        'Look whether last night’s execution began at all, and start one for today: a day that is over cannot be read later.',
      metric: { of: 'site', name: 'SnapshotAgeHours', statistic: 'Maximum' },
      threshold: snapshotAgeHours,
      rings: 'above',
      periodMinutes: HOUR,
      periods: 2,
      needed: 2,
      silence: 'rings',
      warmUpHours: 26,
    },
    {
      ...incident,
      id: 'run-failed',
      says: 'A night ended without success: it failed, was incomplete, ran out of time or was stopped.',
      first:
        'Read the error and the cause of the newest execution: what it names is what to mend. Then start a second run of the same day.',
      metric: { of: 'machine' },
    },
    {
      ...incident,
      id: 'dead-letters',
      says: 'The schedule could not start a night, or the hourly look at the snapshots.',
      first: 'Read the message in the queue: it says why. Start the night by hand, then delete the message.',
      metric: { of: 'queue' },
    },
  ]
}

/** Messages about a night: each comes with a page when the day is in danger, and says more than it. */
const OF_A_NIGHT: readonly AlarmSpec[] = [
  {
    id: 'entity-not-complete',
    urgency: 'message',
    says: 'A night has no proven day of this entity: it is incomplete, forbidden, or held by the guard.',
    first: 'Run “almanac status”: it says which verdict the entity has, why, and what to do.',
    metric: { of: 'entities', name: 'EntityNotComplete' },
    threshold: 0,
    rings: 'above',
    periodMinutes: MINUTES_5,
    // Queries over metrics see three hours.
    periods: (3 * HOUR) / MINUTES_5,
    needed: 1,
    silence: 'is fine',
  },
  {
    id: 'session-lost',
    urgency: 'message',
    says: 'A night lost its session twice: somebody else signs in with the same token.',
    first: 'Find who else uses the token, and give each program one of its own.',
    metric: { of: 'site', name: 'SessionsLost', statistic: 'Sum' },
    threshold: 1,
    rings: 'above',
    periodMinutes: 6 * HOUR,
    periods: 4,
    needed: 1,
    silence: 'is fine',
  },
  {
    id: 'function-errors',
    urgency: 'message',
    says: 'A function that all entities share failed; it was tried again, or the night went on without it.',
    first: 'Search the log of the function for level ERROR and the run’s correlation id.',
    metric: { of: 'errors' },
    threshold: 0,
    rings: 'above',
    ...OVER_A_NIGHT,
    silence: 'is fine',
  },
  {
    id: 'throttles',
    urgency: 'message',
    says: 'AWS refused invocations: too many functions of this account run at once.',
    first: 'Ask for a larger quota of concurrent executions, or lower “extractorsAtOnce”.',
    metric: { of: 'throttles' },
    threshold: 0,
    rings: 'above',
    periodMinutes: MINUTES_5,
    periods: DAY / MINUTES_5,
    needed: 3,
    silence: 'is fine',
  },
]

/** Messages about what will be trouble some day. */
const AHEAD: readonly AlarmSpec[] = [
  {
    id: 'held-too-long',
    urgency: 'message',
    says: 'A day has been held for more than seven days, nobody decided, and no later day refutes it.',
    first: 'Run “almanac status”, compare with Tableau, then “almanac accept”, or leave it held and say why.',
    metric: { of: 'site', name: 'HeldDays', statistic: 'Maximum' },
    threshold: 7,
    rings: 'above',
    ...AS_SAID,
  },
  {
    id: 'token-expires',
    urgency: 'message',
    says: 'The token expires in less than thirty days.',
    first:
      'Make a new token in Tableau, put it into the secret, run “almanac doctor”, then revoke the old one.',
    metric: { of: 'site', name: 'TokenDaysLeft', statistic: 'Minimum' },
    threshold: 30,
    rings: 'below',
    ...AS_SAID,
  },
  {
    id: 'token-expires-now',
    urgency: 'message',
    says: 'The token expires in less than seven days.',
    first: 'Make a new token in Tableau today, put it into the secret, and run “almanac doctor”.',
    metric: { of: 'site', name: 'TokenDaysLeft', statistic: 'Minimum' },
    threshold: 7,
    rings: 'below',
    ...AS_SAID,
  },
  {
    id: 'near-timeout',
    urgency: 'message',
    says: 'An invocation used more than four fifths of its time.',
    first:
      'Search the logs for TimeUsedPercent above 80: the line names the step. Raise “concurrency”, or the memory.',
    metric: { of: 'site', name: 'TimeUsedPercent', statistic: 'Maximum' },
    threshold: 80,
    rings: 'above',
    ...OVER_A_NIGHT,
    silence: 'is fine',
  },
  {
    id: 'memory',
    urgency: 'message',
    says: 'An invocation used more than four fifths of its memory.',
    first:
      'Search the logs for MemoryUsedPercent above 80: the line names the step. Give that function more memory.',
    metric: { of: 'site', name: 'MemoryUsedPercent', statistic: 'Maximum' },
    threshold: 80,
    rings: 'above',
    ...OVER_A_NIGHT,
    silence: 'is fine',
  },
]

/** The alarms of every site. `snapshotAgeHours` is the configuration's. */
export const alarmsOf = (snapshotAgeHours: number): readonly AlarmSpec[] => [
  ...pagesOf(snapshotAgeHours),
  ...OF_A_NIGHT,
  ...AHEAD,
]

/** The one alarm of a site that calls somebody, whichever of its pages rings. */
export const PAGE = 'page'

/** The name of an alarm: whose it is, and its page in `docs/runbooks`. */
export const alarmName = (environment: string, site: string, id: string): string =>
  `almanac-${environment}-${site}-${id}`

/**
 * What the one page of a site says: what is at stake, and for each alarm that may be its reason what to do first, so that
 * whom it wakes need not look for another message. CloudWatch takes 1,024 characters.
 */
export const pageDescription = (site: string, specs: readonly AlarmSpec[]): string =>
  [
    `A day of ${site} is being lost, and it cannot be read later. First, by the alarm that is the reason:`,
    ...specs.filter(({ urgency }) => urgency === 'page').map(({ id, first }) => `- ${id}: ${first}`),
    'More: docs/runbooks/README.md',
  ].join('\n')

/** What an alarm's message says: what happened, what to do first, and where to read on. */
export const descriptionOf = ({ id, says, first }: AlarmSpec): string =>
  `${says} First: ${first} More: docs/runbooks/${id}.md`
