import type { NotifyTarget } from '../config/configuration.ts'
import { type Day, dayIn } from '../core/day.ts'
import { AlmanacError, asAlmanacError } from '../core/errors.ts'
import type { Clock, ObjectStore } from '../core/ports.ts'
import type { RunReport } from '../core/report.ts'
import type { Night } from './change.ts'
import { askedOf, incidentsOf, isTelling, keptOf, type NightFacts, subjectsOf } from './incident.ts'
import { changeNotice, type Step } from './memory.ts'
import {
  type Attempt,
  afterNight,
  type Batch,
  caughtUp,
  claimed,
  NO_NOTICE,
  type Notice,
  settled,
} from './notice.ts'
import { type SendPorts, send } from './send.ts'
import { distinct, targetId, targetName } from './target.ts'
import { within } from './within.ts'

/** What to tell people of, and whom. */
export interface NotifyInput {
  readonly report: RunReport
  /** Milliseconds since 1970 UTC; null when it is not known. */
  readonly tokenExpiresAt: number | null
  /** Whether the site is signed in to with a personal access token. */
  readonly isPat: boolean
  /** `timeZone`: an IANA name. */
  readonly site: { readonly slug: string; readonly owner: string | undefined; readonly timeZone: string }
  /** The names of the entities that are switched on, whichever of them the run was asked for. */
  readonly entities: readonly string[]
  readonly targets: readonly NotifyTarget[]
  readonly acceptCommand: (entity: string, candidate: string) => string
  /** The site's newest day that is whole, if the caller knows it. */
  readonly lastComplete?: Day | null
}

/** What telling works with. */
export interface NotifyPorts extends SendPorts {
  /** Null when the warehouse could not be opened; then everything is told, since nothing says what was told before. */
  readonly store: ObjectStore | null
  readonly clock: Clock
  /** A text that is different each time. */
  readonly newId: () => string
}

/** What became of one target: `none` when there was nothing to send. */
export interface TargetResult {
  readonly target: string
  readonly outcome: 'sent' | 'failed' | 'none'
  readonly reason: string
}

/** What became of all targets, and what was wrong with the warehouse's memory of it; null when nothing was. */
export interface NotifyResult {
  readonly targets: readonly TargetResult[]
  readonly memory: string | null
}

/** How long each step and the whole may take, in milliseconds, and how often is sent. */
export interface NotifyLimits {
  readonly storeMs: number
  readonly sendMs: number
  readonly wholeMs: number
  readonly rounds: number
}

const LIMITS: NotifyLimits = { storeMs: 10_000, sendMs: 10_000, wholeMs: 44_000, rounds: 2 }

interface Work {
  readonly input: NotifyInput
  readonly ports: NotifyPorts
  readonly limits: NotifyLimits
  /** By id. */
  readonly targets: ReadonlyMap<string, NotifyTarget>
  readonly night: Night | null
}

/** What is to be sent now, the targets that another run is sending to, and what went wrong with the store. */
interface Round {
  readonly batches: readonly Batch[]
  readonly busy: readonly string[]
  readonly problem: string | null
}

function nightOf({ report, site, ...input }: NotifyInput, now: number): Night | null {
  if (!isTelling(report, now)) return null
  const facts: NightFacts = { ...input, now }
  return {
    dt: report.dt,
    run: report.run,
    incidents: incidentsOf(report, facts),
    asked: askedOf(report, facts),
    subjects: subjectsOf(report, facts),
    kept: keptOf(report, facts),
    today: dayIn(site.timeZone, now),
  }
}

const NO_STORE = 'the warehouse could not be opened'

/** Changes the notice and claims what these targets are owed then, in one write. */
async function claimAfter(
  { ports, input, limits }: Work,
  targets: readonly string[],
  change: (notice: Notice) => Notice,
  claimId: string,
): Promise<Round> {
  const { store, clock } = ports
  if (store === null) throw new AlmanacError('store-failed', NO_STORE)
  const step = (before: Notice): Step<Round> => {
    const { notice, batches } = claimed(change(before), targets, { id: claimId, at: clock.now() })
    const isBusy = (target: string): boolean =>
      (notice.mailboxes[target]?.owed.length ?? 0) > 0 && !batches.some((each) => each.target === target)
    return { notice, result: { batches, busy: targets.filter(isBusy), problem: null } }
  }
  return within(limits.storeMs, 'the warehouse', (signal) =>
    changeNotice(store, input.site.slug, step, signal),
  )
}

const takenIn = ({ ports, night, targets }: Work, notice: Notice): Notice =>
  afterNight(notice, night, [...targets.keys()], ports.newId)

/** Takes the night in. Without a memory everything it says counts as new: better told twice than never. */
async function begin(work: Work, claimId: string): Promise<Round> {
  const ids = [...work.targets.keys()]
  try {
    return await claimAfter(work, ids, (notice) => takenIn(work, notice), claimId)
  } catch (thrown) {
    const claim = { id: claimId, at: work.ports.clock.now() }
    const { batches } = claimed(takenIn(work, NO_NOTICE), ids, claim)
    const problem = `${asAlmanacError(thrown).message}; what was told before is unknown, so it may be told twice`
    return { batches, busy: [], problem }
  }
}

/** A round's attempts: whether they were made without the memory, and whether no more may follow. */
interface Made {
  readonly attempts: readonly Attempt[]
  readonly isBlind: boolean
  readonly isLast: boolean
}

/**
 * Writes down what was sent, and claims what other runs have left to the same targets meanwhile. After news that was sent
 * without a memory the night is taken in only now: the store may have been out of reach for a moment.
 */
async function goOn(work: Work, claimId: string, { attempts, isBlind, isLast }: Made): Promise<Round> {
  const sent = attempts.flatMap(({ target, problem }) => (problem === null && !isLast ? [target] : []))
  const change = (notice: Notice): Notice =>
    settled(isBlind ? caughtUp(takenIn(work, notice), attempts) : notice, claimId, attempts)
  try {
    return await claimAfter(work, sent, change, claimId)
  } catch (thrown) {
    const problem = `${asAlmanacError(thrown).message}; what was sent could not be written down, so it may be told again`
    return { batches: [], busy: [], problem }
  }
}

async function attempt({ input, ports, limits, targets }: Work, batch: Batch): Promise<Attempt> {
  const { report, site, lastComplete = null } = input
  const target = targets.get(batch.target)
  if (target === undefined) return { ...batch, problem: 'it is not configured' }
  const letter = {
    site: site.slug,
    owner: site.owner,
    dt: report.dt,
    run: report.run,
    lastComplete,
    news: batch.news,
  }
  return { ...batch, problem: await send(target, letter, ports, limits.sendMs) }
}

function resultOf(target: NotifyTarget, attempts: readonly Attempt[], busy: readonly string[]): TargetResult {
  const id = targetId(target)
  const mine = attempts.filter((each) => each.target === id)
  const failed = mine.find(({ problem }) => problem !== null)
  const name = targetName(target)
  if (failed !== undefined) return { target: name, outcome: 'failed', reason: failed.problem ?? '' }
  const count = mine.reduce((sum, { news }) => sum + news.length, 0)
  if (count > 0) return { target: name, outcome: 'sent', reason: `${count} told` }
  const reason = busy.includes(id) ? 'another run is telling it' : 'nothing new to tell'
  return { target: name, outcome: 'none', reason }
}

/** Says whether there is time to write down what was sent, send once more, and write that down. */
function untilOver({ ports: { clock }, limits }: Work): () => boolean {
  const begun = clock.elapsed()
  return () => clock.elapsed() - begun + 2 * limits.storeMs + limits.sendMs <= limits.wholeMs
}

async function tell(work: Work): Promise<NotifyResult> {
  const { ports, limits, targets } = work
  const hasTime = untilOver(work)
  const claimId = ports.newId()
  const first = await begin(work, claimId)
  const attempts: Attempt[] = []
  let problem = first.problem
  let { batches } = first
  for (let round = 1; batches.length > 0; round++) {
    const made = await Promise.all(batches.map((batch) => attempt(work, batch)))
    attempts.push(...made)
    const isLast = round === limits.rounds || !hasTime()
    const next = await goOn(work, claimId, {
      attempts: made,
      isBlind: round === 1 && first.problem !== null,
      isLast,
    })
    problem ??= next.problem
    batches = next.batches
  }
  const results = [...targets.values()].map((target) => resultOf(target, attempts, first.busy))
  return { targets: results, memory: problem }
}

/**
 * Tells people what a night changed: every incident once, every recovery once, to each target. What could not be delivered
 * is sent with the next night. Of several runs at once one sends. Takes less than 45 seconds and never throws: what
 * went wrong stands in the result.
 */
export async function notify(
  input: NotifyInput,
  ports: NotifyPorts,
  limits: NotifyLimits = LIMITS,
): Promise<NotifyResult> {
  const targets = distinct(input.targets)
  if (targets.length === 0) return { targets: [], memory: null }
  try {
    const night = nightOf(input, ports.clock.now())
    const byId = new Map(targets.map((target) => [targetId(target), target]))
    return await tell({ input, ports, limits, targets: byId, night })
  } catch (thrown) {
    const reason = asAlmanacError(thrown).message
    return {
      targets: targets.map((target) => ({ target: targetName(target), outcome: 'failed', reason })),
      memory: null,
    }
  }
}
