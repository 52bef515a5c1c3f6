import type { Day } from '../core/day.ts'
import { AlmanacError } from '../core/errors.ts'
import { keys } from '../core/keys.ts'
import { committedDays, type Manifest } from '../core/manifest.ts'
import type { CandidateReceipt } from '../core/receipt.ts'
import { buildCandidate, storedCandidates } from './candidate.ts'
import type { Desk } from './desk.ts'
import { judge } from './judge.ts'
import { completeLandings } from './landing.ts'

/** All readings of a day, those of landings that no candidate was made of yet included; the newest last. */
export async function readingsOf(desk: Desk, dt: Day): Promise<readonly CandidateReceipt[]> {
  const there = await storedCandidates(desk.store, desk.at, (each) => each === dt)
  const made = new Set(there.flatMap(({ shards }) => shards.map(({ run }) => run)))
  const landings = await completeLandings(desk.store, desk.at, (each) => each === dt)
  const fresh: CandidateReceipt[] = []
  for (const landing of landings.filter(({ run, damage }) => damage === null && !made.has(run)))
    fresh.push(await buildCandidate(desk, landing.shards))
  return [...there, ...fresh].sort((a, b) => a.observedFrom - b.observedFrom)
}

const told = ({ sha256, observedFrom }: CandidateReceipt): string =>
  `${sha256.slice(0, 12)} (read at ${new Date(observedFrom).toISOString()})`

/** The one of these readings whose SHA-256 begins so, with 8 digits at least. Throws `not-found`. */
function named(
  { at }: Desk,
  dt: Day,
  readings: readonly CandidateReceipt[],
  prefix: string,
): CandidateReceipt {
  const matching = readings.filter(({ sha256 }) => prefix.length >= 8 && sha256.startsWith(prefix))
  const [reading] = matching
  if (reading !== undefined && matching.length === 1) return reading
  throw new AlmanacError(
    'not-found',
    `no one other reading of ${at.entity} of ${dt} begins with "${prefix}" (8 digits at least); there are: ${readings.map(told).join(', ') || 'none'}`,
  )
}

/** The reading that was withdrawn; undefined where it is lost. Throws `usage` when the day was read again since. */
function withdrawn(
  { at }: Desk,
  { dt, replaces }: Manifest,
  readings: readonly CandidateReceipt[],
): CandidateReceipt | undefined {
  const reading = readings.find(({ sha256 }) => sha256 === replaces?.candidate)
  const newest = readings.at(-1)
  if (reading === undefined || newest === undefined || newest === reading) return reading
  throw new AlmanacError(
    'usage',
    `${at.entity} of ${dt}: ${told(reading)} was withdrawn, and ${told(newest)} is newer; nobody said which of them comes`,
    { next: `Name it: --with ${newest.sha256.slice(0, 12)} or --with ${reading.sha256.slice(0, 12)}` },
  )
}

/**
 * The reading that comes into the place of the one a day has: the one that is named; else for a withdrawn day the reading
 * that was withdrawn, for any other the newest. Throws `not-found`, or `usage` when a withdrawn day was read again.
 */
export async function replacementOf(
  desk: Desk,
  old: Manifest,
  prefix: string | undefined,
): Promise<CandidateReceipt> {
  const { dt } = old
  const others = (await readingsOf(desk, dt)).filter(({ sha256 }) => sha256 !== old.candidate)
  if (prefix !== undefined) return named(desk, dt, others, prefix)
  const reading = (old.candidate === null ? withdrawn(desk, old, others) : undefined) ?? others.at(-1)
  if (reading !== undefined) return reading
  const { entity } = desk.at
  throw new AlmanacError('not-found', `${entity} of ${dt}: there is no other reading to replace it with`, {
    next: `Read it again first: almanac extract --select ${entity} --date ${dt}`,
  })
}

/**
 * Asks the guard about a reading that nobody named: it is judged as a night’s own reading of that day would be. Throws
 * `guarded` where that would be held.
 */
export async function refuseLoss(desk: Desk, receipt: CandidateReceipt): Promise<void> {
  const { store, at } = desk
  const judgement = await judge(desk, await committedDays(store, at), receipt)
  if (judgement.verdict !== 'guarded') return
  const { dt, sha256 } = receipt
  throw new AlmanacError(
    'guarded',
    `${at.entity} of ${dt}: the reading ${sha256} would be held: ${judgement.reason}`,
    {
      next: `Look at ${keys.candidate(at, dt, sha256)}. If it is right, name it: the same command and --with ${sha256.slice(0, 12)}`,
    },
  )
}
