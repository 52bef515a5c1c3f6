import type { Day } from '../core/day.ts'
import type { Entity } from '../core/entity.ts'
import { AlmanacError, isError } from '../core/errors.ts'
import { committedDays, type Manifest } from '../core/manifest.ts'
import type { ObjectStore } from '../core/ports.ts'
import type { CandidateReceipt } from '../core/receipt.ts'
import { candidateColumns } from '../core/shape.ts'
import { commit, replace, withdraw } from './commit.ts'
import type { Desk } from './desk.ts'
import { orderFault } from './judge.ts'
import { atDesk, finishLoad, heldCandidates, type LoadResult } from './load.ts'
import { refuseLoss, replacementOf } from './replacement.ts'
import type { LoadEngine } from './transforms.ts'

/** Who corrects, and why: kept in the manifest. */
export interface Correction {
  readonly run: string
  readonly reason: string
}

function stateOnly(entity: Entity, what: string): void {
  if (entity.event === undefined) return
  throw new AlmanacError(
    'usage',
    `${entity.name} holds events: there is no day to ${what}, every observation stands`,
  )
}

async function refuseDisorder(desk: Desk, receipt: CandidateReceipt): Promise<void> {
  const fault = await orderFault(desk, await committedDays(desk.store, desk.at), receipt)
  if (fault !== null) throw new AlmanacError('out-of-order', `${desk.at.entity}: ${fault}`)
}

/**
 * Commits a held candidate although the guard held it; the candidate is named by its SHA-256, so that what is accepted
 * is what was looked at. Throws `not-found` when no held candidate has it, `out-of-order`, or `already-committed`.
 */
export function accept(
  store: ObjectStore,
  engine: LoadEngine,
  entity: Entity,
  site: string,
  { sha256prefix, run, reason }: Correction & { readonly sha256prefix: string },
): Promise<LoadResult> {
  stateOnly(entity, 'accept')
  return atDesk(store, engine, entity, site, async (desk) => {
    const held = await heldCandidates(store, desk.at, await committedDays(store, desk.at))
    const matching = held.filter(({ sha256 }) => sha256prefix.length >= 8 && sha256.startsWith(sha256prefix))
    const [receipt] = matching
    if (receipt === undefined || new Set(matching.map(({ sha256 }) => sha256)).size > 1) {
      const all = held.map(({ dt, sha256 }) => `${dt} ${sha256.slice(0, 12)}`).join(', ') || 'none'
      throw new AlmanacError(
        'not-found',
        `no one held candidate of ${entity.name} begins with "${sha256prefix}" (8 digits at least); held: ${all}`,
      )
    }
    await refuseDisorder(desk, receipt)
    // What is committed are the bytes that were looked at, or nothing.
    await desk.candidate(receipt.dt, receipt.sha256)
    if (!(await commit(store, receipt, { run, note: { kind: 'accepted', reason } }))) {
      throw new AlmanacError(
        'already-committed',
        `${entity.name} of ${receipt.dt} was committed by another run meanwhile`,
      )
    }
    return finishLoad(desk, run, receipt.dt)
  })
}

/** The manifest that counts for a day. Throws `not-found` when the day was never committed. */
async function committedManifest(desk: Desk, dt: Day): Promise<Manifest> {
  const day = (await committedDays(desk.store, desk.at)).find((each) => each.dt === dt)
  if (day === undefined)
    throw new AlmanacError('not-found', `${desk.at.entity} of ${desk.at.site} has no committed day ${dt}`)
  return desk.manifest(day)
}

/** A correction that puts another reading in the place of one. */
interface Replacement extends Correction {
  readonly dt: Day
  /** What the day has now: a SHA-256, its first 8 digits at least, or `withdrawn`. */
  readonly replaces: string
  /** The reading that comes, named in the same way. */
  readonly with?: string | undefined
}

/** What a replacement did, and the reading that the day has now. */
export interface Replaced extends LoadResult {
  readonly reading: CandidateReceipt
}

/**
 * Replaces a committed day by another reading of it: the one that is named; else the one that was withdrawn, or the newest,
 * when the guard lets it pass. Throws `stale-correction` when the day does not have what is replaced, `not-found` when there
 * is no such reading, `guarded` and `out-of-order` when it cannot stand there, `usage` when somebody must name one.
 */
export function replaceDay(
  store: ObjectStore,
  engine: LoadEngine,
  entity: Entity,
  site: string,
  { dt, replaces, with: named, run, reason }: Replacement,
): Promise<Replaced> {
  stateOnly(entity, 'replace')
  return atDesk(store, engine, entity, site, async (desk) => {
    const old = await committedManifest(desk, dt)
    const now = old.candidate ?? 'withdrawn'
    if (replaces.length < 8 || !now.startsWith(replaces)) {
      throw new AlmanacError('stale-correction', `${entity.name} of ${dt} has ${now}, not "${replaces}"`)
    }
    const reading = await replacementOf(desk, old, named)
    await refuseDisorder(desk, reading)
    await desk.candidate(dt, reading.sha256)
    if (named === undefined) await refuseLoss(desk, reading)
    await replace(store, old, reading, { run, note: { kind: 'replaced', reason } })
    return { ...(await finishLoad(desk, run, dt)), reading }
  })
}

/**
 * The manifest of a day that can be withdrawn. Where it is damaged, as much of it as its next version needs: nothing is
 * read of a version that another one replaced. Throws `already-committed` when the day is withdrawn.
 */
async function withdrawable(desk: Desk, dt: Day): Promise<Manifest> {
  try {
    const manifest = await committedManifest(desk, dt)
    if (manifest.candidate !== null) return manifest
  } catch (error) {
    if (!isError(error, 'corrupt-object')) throw error
    return lostManifest(desk, dt)
  }
  throw new AlmanacError('already-committed', `${desk.at.entity} of ${dt} is withdrawn already`)
}

/** What stands for a manifest that cannot be read; of a withdrawn day nobody asks when it was read. */
async function lostManifest({ store, at, shape }: Desk, dt: Day): Promise<Manifest> {
  const version = (await committedDays(store, at)).find((day) => day.dt === dt)?.version ?? 0
  return {
    format: 1,
    ...at,
    dt,
    version,
    candidate: null,
    rows: 0,
    columns: candidateColumns(shape),
    missing: [],
    observedFrom: 0,
    observedTo: 0,
    receipt: null,
    replaces: null,
    note: null,
    run: '',
  }
}

/** Withdraws a committed day: it counts as never taken, and its published snapshot has no rows. Throws `not-found`. */
export function withdrawDay(
  store: ObjectStore,
  engine: LoadEngine,
  entity: Entity,
  site: string,
  { dt, run, reason }: Correction & { readonly dt: Day },
): Promise<LoadResult> {
  stateOnly(entity, 'withdraw')
  return atDesk(store, engine, entity, site, async (desk) => {
    await withdraw(store, await withdrawable(desk, dt), { run, note: { kind: 'withdrawn', reason } })
    return finishLoad(desk, run, dt)
  })
}
