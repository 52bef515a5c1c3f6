import { inspect } from 'node:util'
import { parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import { AlmanacError } from '../../lib/core/errors.ts'
import type { RunEvent } from '../../lib/core/event.ts'
import { keys } from '../../lib/core/keys.ts'
import type { Clock, ObjectStore } from '../../lib/core/ports.ts'
import { jsonBytes } from '../../lib/core/receipt.ts'
import { entityNamed } from '../../lib/entities/index.ts'
import { extract } from '../../lib/extract/extract.ts'
import { connect } from '../../lib/tableau/client.ts'
import { searchFor } from '../canary/search.ts'
import { optionsFor, PAT, quickClock, TOKEN } from '../tableau/servers.ts'
import type { ServerTls } from '../tls/certificates.ts'
import { hostileSite, type Listening, otherHost } from './server.ts'
import type { Expectation, Kind, LandedRow, Spoil, View } from './spoil.ts'
import { type Endpoint, LONG_OPEN } from './world.ts'

/** What one extraction against a hostile site came to. */
export interface Outcome {
  readonly verdict: 'complete' | 'forbidden' | 'incomplete' | 'unsupported' | 'threw'
  /** What was thrown or reported; undefined when all went well. */
  readonly error: unknown
  readonly rows: readonly LandedRow[]
  /** Keys that the store has and had not before. */
  readonly written: readonly string[]
  /** Everything that a person could come to read: errors with their causes, events, objects that are no Parquet. */
  readonly told: string
  /** Requests to the site, and whatever reached the other host. */
  readonly heard: readonly string[]
  readonly strayed: { readonly connections: number; readonly heard: readonly string[] }
  readonly tokenExpiresAt: number | null | undefined
  /** Whether the session was ended that had begun, if one had. */
  readonly signedOut: boolean
  /** How long it took, without the waits between tries. */
  readonly milliseconds: number
  /** How long each wait between tries would have been, in milliseconds: these are over at once. */
  readonly waits: readonly number[]
}

/** How long a trial may take: all of its calls are tried as often as they may be, on a busy machine. */
const LONGEST_MS = 15_000

/** The longest wait between two tries, and how often the calls of a trial may be repeated in all. */
const LONGEST_WAIT_MS = 300_000
const MOST_WAITS = 32

/** Short enough for a stall to cost no time, and long enough for a busy machine. */
const TIMEOUTS = { connect: 2_000, headers: 400, idle: 400, whole: 1_500, signOut: 1_000 }

const DAY = '2026-11-01'
const MONTH_MS = 30 * 86_400_000

/** A store as an earlier night left it: for jobs, one of them had not ended, and is asked for by its id now. */
async function storeFor(entity: string): Promise<ObjectStore> {
  const store = memoryStore()
  if (entity !== 'jobs') return store
  const at = { entity, site: 'demo' }
  const hash = 'a'.repeat(64)
  const cut = Date.now() - MONTH_MS
  const shard = {
    window: { from: null, to: cut },
    source: 'nightly',
    unfinished: [{ id: LONG_OPEN, createdAt: cut }],
  }
  const receipt = { format: 1, ...at, dt: '2026-10-01', sha256: hash, shards: [shard] }
  await store.write(keys.observationReceipt(at, '2026-10-01', hash), jsonBytes(receipt), 'absent')
  await store.write(keys.observation(at, '2026-10-01', hash), new Uint8Array(1), 'absent')
  return store
}

const keysOf = async (store: ObjectStore): Promise<string[]> => (await store.list('')).map(({ key }) => key)

async function landedRows(store: ObjectStore, written: readonly string[]): Promise<LandedRow[]> {
  const rows: LandedRow[] = []
  for (const key of written.filter((each) => each.endsWith('.parquet'))) {
    const object = await store.read(key)
    const file = new Uint8Array(object?.bytes ?? []).buffer
    rows.push(...(await parquetReadObjects({ file, compressors })))
  }
  // Side by side, pages come in any order.
  return rows
    .map((row) => [inspect(row), row] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, row]) => row)
}

async function textsOf(store: ObjectStore, written: readonly string[]): Promise<string[]> {
  const texts: string[] = []
  for (const key of written.filter((each) => each.endsWith('.json')))
    texts.push(Buffer.from((await store.read(key))?.bytes ?? []).toString())
  return texts
}

interface Extracted {
  readonly verdict: Outcome['verdict']
  readonly error: unknown
  readonly tokenExpiresAt?: number | null
}

/** A certificate for the site, and the authority that it is trusted by, in PEM. */
export interface Tls {
  readonly server: ServerTls
  readonly authority: string
}

interface Run {
  readonly url: string
  readonly endpoint: Endpoint
  readonly store: ObjectStore
  readonly events: RunEvent[]
  readonly clock: Clock
  readonly tls: Tls | undefined
}

async function extractOnce({ url, endpoint, store, events, clock, tls }: Run): Promise<Extracted> {
  const emit = (event: RunEvent): void => void events.push(event)
  const way = { proxy: undefined, authorities: tls === undefined ? [] : [tls.authority] }
  const client = await connect(optionsFor(url, { emit, clock, timeouts: TIMEOUTS, way }))
  try {
    const expiry = endpoint.name === 'tokens' ? { tokenExpiresAt: await client.tokenExpiresAt() } : {}
    const input = {
      entity: entityNamed(endpoint.entity),
      site: 'demo',
      dt: DAY,
      run: 'r1',
      attempt: '0123abcd',
      acceptSurplus: false,
      acceptNarrowed: false,
      backdated: null,
    }
    const result = await extract(input, { client, store, emit })
    return { verdict: result.verdict, error: 'error' in result ? result.error : undefined, ...expiry }
  } finally {
    await client.close()
  }
}

const asked = ({ heard }: Listening, path: string): boolean => heard.some((request) => request.includes(path))

/** Everything an error says, down to its causes. */
const said = (thrown: unknown): string =>
  thrown instanceof AlmanacError
    ? [
        thrown.message,
        thrown.next,
        JSON.stringify(thrown.details),
        thrown.stack ?? '',
        said(thrown.cause),
      ].join('\n')
    : inspect(thrown, { depth: 10 })

/** Reads an entity with the real client and the real extraction from a site that misbehaves at one endpoint. */
export async function tryOut(endpoint: Endpoint, spoil: Spoil, tls?: Tls): Promise<Outcome> {
  const other = await otherHost()
  const site = await hostileSite(endpoint, spoil, other.url, tls?.server)
  const store = await storeFor(endpoint.entity)
  const before = new Set(await keysOf(store))
  const events: RunEvent[] = []
  // The good site dates its answers by the real clock; what is sent without a date is dated by ours.
  const clock = { ...quickClock(), now: () => Date.now() }
  const start = performance.now()
  try {
    const run = { url: site.url, endpoint, store, events, clock, tls }
    const { verdict, error, tokenExpiresAt } = await extractOnce(run).catch(
      (thrown: unknown): Extracted => ({ verdict: 'threw', error: thrown }),
    )
    const written = (await keysOf(store)).filter((key) => !before.has(key))
    return {
      verdict,
      error,
      written,
      tokenExpiresAt,
      signedOut: endpoint.name === 'signin' || asked(site, 'auth/signout') || !asked(site, 'auth/signin'),
      rows: await landedRows(store, written),
      told: [said(error), JSON.stringify(events), ...(await textsOf(store, written))].join('\n'),
      heard: [...site.heard],
      strayed: { connections: other.connections(), heard: [...other.heard] },
      milliseconds: performance.now() - start,
      waits: clock.waits,
    }
  } finally {
    await Promise.all([site.close(), other.close()])
  }
}

/** What must become of a kind at an endpoint. */
export const expectationOf = ({ expect, but }: Kind, { name }: Endpoint): Expectation => but?.[name] ?? expect

/** Rows as one comparable text; sorted anew, since what may differ may have had a say in the order. */
const textOf = (rows: readonly LandedRow[], same: View): string =>
  same(rows)
    .map((row) => inspect(row))
    .sort()
    .join('\n')

/** Eight characters of a secret are a leak as well, in whatever spelling. */
const leaksIn = searchFor([
  { name: 'the session token', value: TOKEN },
  { name: 'the secret of the access token', value: PAT.patSecret },
])

/** What is told, and what is stored: keys and rows as well. */
const secretsTold = ({ told, written, rows }: Outcome): readonly string[] =>
  leaksIn(Buffer.from([told, ...written, inspect(rows, { maxArrayLength: null })].join('\n'))).map(
    ({ secret, spelling }) => `${secret} (${spelling})`,
  )

/** How the worst of all faults begins. */
export const WRONG_ROWS = 'COMPLETE WITH WRONG ROWS'

/**
 * What is wrong with an outcome, in words; nothing when all is as it must be. `control` are the rows of a good site.
 * Whatever was expected: an extraction never counts as complete with wrong rows.
 */
export function faultsOf(outcome: Outcome, expected: Expectation, control: readonly LandedRow[]): string[] {
  const faults: string[] = []
  if (outcome.verdict === 'complete') {
    if (expected.is === 'refused') faults.push('complete, where it must be refused')
    if (textOf(outcome.rows, expected.same) !== textOf(control, expected.same))
      faults.push(`${WRONG_ROWS}: ${inspect(outcome.rows)}`)
  } else faults.push(...faultsOfRefusal(outcome, expected))
  for (const secret of secretsTold(outcome)) faults.push(`a secret is told: ${secret} in ${outcome.told}`)
  if (!outcome.signedOut) faults.push('the session was left open')
  if (outcome.strayed.connections > 0) faults.push(`the other host was called: ${outcome.strayed.heard}`)
  return [...faults, ...faultsOfTime(outcome)]
}

/** Nobody may keep a night waiting: neither on the wire nor by what is asked for before the next try. */
function faultsOfTime({ milliseconds, waits }: Outcome): string[] {
  const longest = Math.max(0, ...waits)
  return [
    ...(milliseconds > LONGEST_MS ? [`it took ${Math.round(milliseconds)} ms`] : []),
    ...(longest > LONGEST_WAIT_MS ? [`it waited ${longest} ms before the next try`] : []),
    ...(waits.length > MOST_WAITS ? [`it tried again ${waits.length} times`] : []),
  ]
}

function faultsOfRefusal({ error, verdict, written }: Outcome, expected: Expectation): string[] {
  const faults: string[] = []
  if (expected.is === 'harmless') faults.push(`${verdict}, where it does no harm: ${said(error)}`)
  if (written.length > 0) faults.push(`it is ${verdict}, and yet landed: ${written}`)
  if (!(error instanceof AlmanacError)) faults.push(`an untyped error: ${said(error)}`)
  else if (!expected.codes.includes(error.code))
    faults.push(`${error.code} instead of ${expected.codes}: ${error.message}`)
  return faults
}
