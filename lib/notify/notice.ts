import type { Day } from '../core/day.ts'
import { changeOf, type Night, type OpenIncident, type Standing } from './change.ts'
import { subjectOf } from './incident.ts'

/** One thing to tell: an incident that began, one that is over, or that a webhook works. */
export interface News {
  readonly id: string
  readonly kind: 'opened' | 'recovered' | 'test'
  readonly incident: OpenIncident
  /** The night that brought it. */
  readonly dt: Day
  readonly run: string
}

/** A run's right to send what a target is owed. */
export interface Claim {
  readonly id: string
  /** Milliseconds since 1970 UTC. */
  readonly at: number
}

/** What one target is still owed, oldest first, and who sends it just now. */
export interface Mailbox {
  readonly owed: readonly News[]
  readonly claim: Claim | null
}

/** What the warehouse keeps for a site: what is open, and a mailbox for each target by its id. */
export interface Notice extends Standing {
  readonly format: 1
  readonly mailboxes: Readonly<Record<string, Mailbox>>
}

/** News that a target is to be sent in one message. */
export interface Batch {
  readonly target: string
  readonly news: readonly News[]
}

/** What became of a batch. */
export interface Attempt extends Batch {
  /** Why it was not sent, in words; null when it was. */
  readonly problem: string | null
}

/** Before the first night. */
export const NO_NOTICE: Notice = { format: 1, dt: null, open: [], owed: [], mailboxes: {} }

/** Longer than any run takes to send; a run that still holds a claim then has died. */
const CLAIM_MS = 10 * 60_000
/** A webhook that is dead for months must not make the object grow for ever. */
const MOST_OWED = 500

/**
 * What the notice is after a night. Every target is owed what the night changed; a target that is new is owed what is
 * open, and one that is configured no more is forgotten.
 */
export function afterNight(
  notice: Notice,
  night: Night | null,
  targets: readonly string[],
  newId: () => string,
): Notice {
  const change = night === null ? { ...notice, opened: [], recovered: [] } : changeOf(notice, night)
  const { dt, open, owed = [] } = change
  const newsOf = (kind: News['kind'], incident: OpenIncident): News => ({
    id: newId(),
    kind,
    incident,
    dt: night?.dt ?? incident.since,
    run: night?.run ?? incident.run,
  })
  const all = [
    ...change.opened.map((each) => newsOf('opened', each)),
    ...change.recovered.map((each) => newsOf('recovered', each)),
  ]
  const mailboxOf = (target: string): Mailbox => {
    const before = notice.mailboxes[target]
    if (before === undefined)
      return { owed: open.map((each) => newsOf('opened', each)).slice(-MOST_OWED), claim: null }
    return { ...before, owed: [...before.owed, ...all].slice(-MOST_OWED) }
  }
  return {
    format: 1,
    dt,
    open,
    owed,
    mailboxes: Object.fromEntries(targets.map((target) => [target, mailboxOf(target)])),
  }
}

const isLive = (claim: Claim | null, now: number): boolean =>
  // Measured both ways: a clock that runs far ahead must not hold a claim for ever.
  claim !== null && Math.abs(now - claim.at) < CLAIM_MS

/** Claims what these targets are owed and nobody else is sending. */
export function claimed(
  notice: Notice,
  targets: readonly string[],
  claim: Claim,
): { readonly notice: Notice; readonly batches: readonly Batch[] } {
  const batches = targets.flatMap((target): Batch[] => {
    const mailbox = notice.mailboxes[target]
    if (mailbox === undefined || mailbox.owed.length === 0 || isLive(mailbox.claim, claim.at)) return []
    return [{ target, news: mailbox.owed }]
  })
  const taken = batches.map(({ target }): [string, Mailbox] => [
    target,
    { owed: notice.mailboxes[target]?.owed ?? [], claim },
  ])
  return {
    notice: { ...notice, mailboxes: { ...notice.mailboxes, ...Object.fromEntries(taken) } },
    batches,
  }
}

/** Takes out what was sent, and gives back the claim, sent or not, unless it is another's by now. */
export function settled(notice: Notice, claimId: string, attempts: readonly Attempt[]): Notice {
  const after = attempts.flatMap(({ target, news, problem }): [string, Mailbox][] => {
    const mailbox = notice.mailboxes[target]
    if (mailbox === undefined) return []
    const isSent = (id: string): boolean => problem === null && news.some((each) => each.id === id)
    const claim = mailbox.claim?.id === claimId ? null : mailbox.claim
    return [[target, { owed: mailbox.owed.filter(({ id }) => !isSent(id)), claim }]]
  })
  return { ...notice, mailboxes: { ...notice.mailboxes, ...Object.fromEntries(after) } }
}

/**
 * The notice after news that was sent without looking at it. A subject that was told as it is now is owed nothing older,
 * be it the same news under another id.
 */
export function caughtUp(notice: Notice, attempts: readonly Attempt[]): Notice {
  const after = attempts.flatMap(({ target, news, problem }): [string, Mailbox][] => {
    const mailbox = notice.mailboxes[target]
    if (mailbox === undefined || problem !== null) return []
    const isTold = ({ dt, incident }: News): boolean =>
      news.some((sent) => dt <= sent.dt && subjectOf(sent.incident.what) === subjectOf(incident.what))
    return [[target, { ...mailbox, owed: mailbox.owed.filter((each) => !isTold(each)) }]]
  })
  return { ...notice, mailboxes: { ...notice.mailboxes, ...Object.fromEntries(after) } }
}
