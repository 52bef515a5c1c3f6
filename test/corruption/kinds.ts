import type { Entity } from '../../lib/core/entity.ts'
import { parseKey } from '../../lib/core/keys.ts'
import type { Random } from './random.ts'
import { HELD, LANDED, STORED } from './world.ts'

/** Every kind of object that a warehouse holds; of landing and candidates also where nothing was made of them yet. */
export const KINDS = [
  'landing part',
  'landing receipt',
  'checkpoint',
  'outcome',
  'waiting landing part',
  'waiting landing receipt',
  'candidate',
  'candidate receipt',
  'held candidate',
  'held candidate receipt',
  'observation',
  'observation receipt',
  'manifest',
  'runs',
  'site',
  'lease',
  'notice',
  'snapshot',
  'coverage',
  'current',
  'history',
  'event',
] as const

/** A kind of object. */
export type Kind = (typeof KINDS)[number]

const RECEIVED = ['landing', 'candidate', 'observation'] as const

const isReceived = (area: string): area is (typeof RECEIVED)[number] =>
  RECEIVED.some((received) => received === area)

/** What kind of object stands under a key of the test's world. */
export function kindOf(key: string): Kind {
  const parsed = parseKey(key)
  if (parsed === undefined) throw new Error(`${key} is no key of a warehouse`)
  const { area, labels, file } = parsed
  if (!isReceived(area)) return area
  const isReceipt = file.endsWith('.json')
  if (area === 'observation') return isReceipt ? 'observation receipt' : 'observation'
  if (area === 'candidate') {
    const isHeld = labels['dt'] === HELD
    if (isHeld) return isReceipt ? 'held candidate receipt' : 'held candidate'
    return isReceipt ? 'candidate receipt' : 'candidate'
  }
  if (file.startsWith('checkpoint-')) return 'checkpoint'
  if (file === 'extracted.json' || file === 'loaded.json') return 'outcome'
  if (labels['dt'] === LANDED) return isReceipt ? 'waiting landing receipt' : 'waiting landing part'
  return isReceipt ? 'landing receipt' : 'landing part'
}

/** The entity that an object belongs to; undefined for those of the site. */
export const entityOf = (key: string): Entity | undefined =>
  STORED.find(({ name }) => name === parseKey(key)?.labels['entity'])

/** Kinds of objects that are the site's, and of no entity. */
export const OF_SITE: readonly Kind[] = ['runs', 'site', 'lease', 'notice']

/** Kinds of objects that the steps of a run leave for one another. */
export const OF_STEPS: readonly Kind[] = ['checkpoint', 'outcome']

/** Whether an object is made of others, and can be made again. */
export const isDerived = (kind: Kind): boolean =>
  ['snapshot', 'coverage', 'current', 'history', 'event'].includes(kind)

const hash = (random: Random): string =>
  Array.from({ length: 64 }, () => random.below(16).toString(16)).join('')

const NEW_DAY = '2026-11-20'

/** A key like this one under which nothing stands. */
export function vacantLike(key: string, random: Random): string {
  const kind = kindOf(key)
  if (
    kind.endsWith('candidate') ||
    kind.includes('observation') ||
    kind.includes('candidate') ||
    kind === 'lease'
  )
    return key.replace(/[0-9a-f]{64}/, hash(random))
  switch (kind) {
    case 'manifest':
      return key.replace(/v\d+/, 'v0009')
    case 'event':
      return key.replace(/month=[\d-]+/, 'month=2026-12')
    case 'current':
    case 'history':
      return key.replace('/data.parquet', '/more/data.parquet')
    case 'site':
    case 'notice':
      return key.replace('test', 'other')
    default:
      return key.replace(/dt=[\d-]+/, `dt=${NEW_DAY}`)
  }
}
