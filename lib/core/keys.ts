import type { Day } from './day.ts'
import { AlmanacError } from './errors.ts'

/** What a site's slug is: not the name of a device of Windows, since no store takes `con.json`, whatever the folder. */
export const SLUG = /^(?!(?:con|prn|aux|nul|com\d|lpt\d)$)[a-z0-9](?:[a-z0-9-]{0,62})$/
const ENTITY = /^[a-z][a-z0-9_]{0,62}$/
const DAY = /^\d{4}-\d{2}-\d{2}$/
const RUN = /^[A-Za-z0-9-]{1,80}$/
const HASH = /^[0-9a-f]{64}$/
const ATTEMPT = /^[0-9a-f]{8}$/

/** Which table of which site an object belongs to. */
export interface Place {
  readonly entity: string
  readonly site: string
}

/** One execution's share of a place: its day, run and shard. */
export interface LandingPlace extends Place {
  readonly dt: Day
  readonly run: string
  readonly shard: string
}

function checked(what: string, pattern: RegExp, value: string): string {
  if (!pattern.test(value))
    throw new AlmanacError('internal', `${what} "${value}" may not stand in a warehouse key`)
  return value
}

const place = ({ entity, site }: Place): string =>
  `entity=${checked('entity', ENTITY, entity)}/site=${checked('site', SLUG, site)}`
const placeAndDay = (at: Place, dt: Day): string => `${place(at)}/dt=${checked('day', DAY, dt)}`

const landingShard = (at: LandingPlace): string =>
  `landing/${placeAndDay(at, at.dt)}/run=${checked('run', RUN, at.run)}/shard=${checked('shard', RUN, at.shard)}`

/** Every key of the warehouse is built here, from slugs, days, runs and hashes alone. Throws `internal` for anything else. */
export const keys = {
  ofEntity: (area: (typeof ENTITY_AREAS)[number], entity: string): string =>
    `${area}/entity=${checked('entity', ENTITY, entity)}/`,
  landing: (at: Place, dt?: Day): string =>
    dt === undefined ? `landing/${place(at)}/` : `landing/${placeAndDay(at, dt)}/`,
  part: (at: LandingPlace, attempt: string, number: number): string =>
    `${landingShard(at)}/attempt=${checked('attempt', ATTEMPT, attempt)}/part-${String(number).padStart(4, '0')}.parquet`,
  receipt: (at: LandingPlace): string => `${landingShard(at)}/receipt.json`,
  checkpoints: (at: LandingPlace): string => `${landingShard(at)}/checkpoint-`,
  checkpoint: (at: LandingPlace, number: number): string =>
    `${landingShard(at)}/checkpoint-${String(number).padStart(4, '0')}.json`,
  outcome: (at: Omit<LandingPlace, 'shard'>, step: 'extracted' | 'loaded'): string =>
    `landing/${placeAndDay(at, at.dt)}/run=${checked('run', RUN, at.run)}/${step}.json`,
  candidates: (at: Place): string => `candidate/${place(at)}/`,
  candidate: (at: Place, dt: Day, sha256: string): string =>
    `candidate/${placeAndDay(at, dt)}/${checked('hash', HASH, sha256)}.parquet`,
  candidateReceipt: (at: Place, dt: Day, sha256: string): string =>
    `candidate/${placeAndDay(at, dt)}/${checked('hash', HASH, sha256)}.json`,
  observations: (at: Place): string => `observation/${place(at)}/`,
  observation: (at: Place, dt: Day, sha256: string): string =>
    `observation/${placeAndDay(at, dt)}/${checked('hash', HASH, sha256)}.parquet`,
  observationReceipt: (at: Place, dt: Day, sha256: string): string =>
    `observation/${placeAndDay(at, dt)}/${checked('hash', HASH, sha256)}.json`,
  manifests: (at: Place): string => `manifest/${place(at)}/`,
  manifest: (at: Place, dt: Day, version: number): string =>
    `manifest/${placeAndDay(at, dt)}/v${String(version).padStart(4, '0')}.json`,
  runs: (site: string): string => `runs/site=${checked('site', SLUG, site)}/`,
  run: (site: string, dt: Day, run: string): string =>
    `runs/site=${checked('site', SLUG, site)}/dt=${checked('day', DAY, dt)}/run=${checked('run', RUN, run)}.json`,
  site: (site: string): string => `site/${checked('site', SLUG, site)}.json`,
  lease: (sha256: string): string => `lease/${checked('hash', HASH, sha256)}.json`,
  notice: (site: string): string => `notice/${checked('site', SLUG, site)}.json`,
  snapshot: (at: Place, dt: Day): string => `snapshot/${placeAndDay(at, dt)}/data.parquet`,
  coverage: (at: Place, dt: Day): string => `coverage/${placeAndDay(at, dt)}/data.parquet`,
  published: (area: 'snapshot' | 'coverage', at: Place): string => `${area}/${place(at)}/`,
  current: (at: Place): string => `current/${place(at)}/data.parquet`,
  history: (at: Place): string => `history/${place(at)}/data.parquet`,
  events: (at: Place): string => `event/${place(at)}/`,
  event: (at: Place, month: string): string =>
    `event/${place(at)}/month=${checked('month', /^\d{4}-\d{2}$/, month)}/data.parquet`,
} as const

/** The areas of the warehouse: primary ones are never rebuilt, derived ones always can be. */
export const AREAS = {
  landing: 'landing',
  candidate: 'primary',
  observation: 'primary',
  manifest: 'primary',
  runs: 'primary',
  site: 'primary',
  lease: 'lease',
  notice: 'lease',
  snapshot: 'derived',
  coverage: 'derived',
  current: 'derived',
  history: 'derived',
  event: 'derived',
} as const

/** The first segment of a key. */
export type Area = keyof typeof AREAS

/** Areas whose objects belong to one entity of a site; the others belong to a site or to a token. */
export const ENTITY_AREAS = [
  'landing',
  'candidate',
  'observation',
  'manifest',
  'snapshot',
  'coverage',
  'current',
  'history',
  'event',
] as const satisfies readonly Area[]

/** What a key says of its object: the area, the `name=value` segments, and the file's name. */
export interface ParsedKey {
  readonly area: Area
  readonly labels: Readonly<Record<string, string>>
  readonly file: string
}

/** Takes a key apart; undefined when it is none of ours. */
export function parseKey(key: string): ParsedKey | undefined {
  const segments = key.split('/')
  const area = segments[0]
  const file = segments.at(-1)
  if (area === undefined || file === undefined || !Object.hasOwn(AREAS, area)) return undefined
  const labels: Record<string, string> = Object.create(null)
  for (const segment of segments.slice(1)) {
    const [name, value] = segment.split('=', 2)
    if (name !== undefined && value !== undefined) labels[name] = value.replace(/\.json$/, '')
  }
  return { area: area as Area, labels, file }
}

/** Whether a text can be a site's slug: lower-case letters, digits and hyphens, and no device of Windows such as `con`. */
export const isSlug = (text: string): boolean => SLUG.test(text)
