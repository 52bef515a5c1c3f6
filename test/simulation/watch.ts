import { AREAS, keys, type Place, parseKey } from '../../lib/core/keys.ts'
import type { ManifestNote } from '../../lib/core/manifest.ts'
import type { CandidateReceipt, Receipt } from '../../lib/core/receipt.ts'
import { isMassLoss } from './mass-loss.ts'
import {
  type CommittedReading,
  committedReadings,
  eventsPublished,
  observedReadings,
  type Published,
  publishedBy,
  rowsText,
} from './oracle.ts'
import { plainRows } from './plain-file.ts'
import type { SharedStore, Written } from './store.ts'
import { type Reader, truthFault } from './truth.ts'

/** What the manifests or observations of a place said from some moment on, and what should be published by it. */
interface Epoch {
  readonly readings: readonly CommittedReading[]
  readonly published: Published
}

/** What was promised or seen so far, and everything that was wrong with it. */
export interface Watch {
  readonly wrongs: string[]
  /** Which readings each run makes, by entity, site and run: one that is started twice makes two. */
  readonly readers: Map<string, Reader[]>
  /** SHA-256 of the candidates that somebody accepted, and the runs that may correct. */
  readonly accepted: Set<string>
  /** Remembers since when an actor may have looked. */
  begins(actor: string): void
  written(write: Written): Promise<void>
  /** Nothing but landing is ever removed: a reader by prefix listing would miss what was there. */
  removed(actor: string, key: string): void
  /** A load of a place ended well: what it wrote last may not be older than what was committed before it looked. */
  loaded(actor: string, at: Place): Promise<void>
  /** What should be published of a place now. */
  expected(at: Place): Published
}

const placeText = ({ entity, site }: Place): string => `${entity}/${site}`

/** The name under which a reader is kept. */
export const readerName = (entity: string, site: string, run: string): string => `${entity}/${site}/${run}`

/** Watches every write of a seed's world: what a reader by prefix listing would see after it must be true. */
export function openWatch(objects: SharedStore['objects']): Watch {
  const wrongs: string[] = []
  const readers = new Map<string, Reader[]>()
  const accepted = new Set<string>()
  const epochs = new Map<string, Epoch[]>()
  const floors = new Map<string, number>()
  const begun = new Map<string, Map<string, number>>()
  /** Which epoch it was when an actor last wrote the history of a place. */
  const histories = new Map<string, number>()

  const epochsOf = (at: Place): Epoch[] => {
    const found = epochs.get(placeText(at)) ?? [{ readings: [], published: publishedBy(at, []) }]
    epochs.set(placeText(at), found)
    return found
  }
  const newEpoch = async (at: Place): Promise<Epoch> => {
    const readings = at.entity === 'jobs' ? [] : await committedReadings(objects, at)
    const published =
      at.entity === 'jobs'
        ? eventsPublished(at, await observedReadings(objects, at))
        : publishedBy(at, readings)
    const epoch = { readings, published }
    epochsOf(at).push(epoch)
    return epoch
  }

  const checkTruth = async (at: Place, key: string, bytes: Uint8Array): Promise<void> => {
    const object = await objects.read(key.replace(/\.parquet$/, '.json'))
    if (object === undefined) return void wrongs.push(`${key} has no receipt`)
    const receipt: CandidateReceipt = JSON.parse(new TextDecoder().decode(object.bytes))
    const of = readers.get(readerName(at.entity, at.site, receipt.shards[0]?.run ?? '')) ?? []
    const rows = await plainRows(bytes)
    const faults = of.map((reader) => truthFault(at.entity, rows, receipt, reader))
    if (!faults.includes(undefined)) wrongs.push(`${key}: ${faults.join('; ') || 'read by nobody'}`)
  }

  /** The guard, once more: a day that lost much is committed only when somebody accepted it or its neighbours agree. */
  const checkGuard = (at: Place, actor: string, reading: CommittedReading): void => {
    const { dt, manifest } = reading
    const note: ManifestNote['kind'] | undefined = manifest.note?.kind
    if (note === 'replaced' || note === 'withdrawn') return
    if (note === 'accepted') {
      if (!accepted.has(manifest.candidate ?? ''))
        wrongs.push(`${placeText(at)} ${dt} was accepted by nobody`)
      return
    }
    const since = begun.get(actor)?.get(placeText(at)) ?? 0
    const seen = epochsOf(at).slice(since, -1)
    const passes = seen.some(({ readings }) => {
      const taken = readings.filter(({ rows }) => rows !== null)
      const before = taken.findLast((each) => each.dt < dt)
      const after = taken.find((each) => each.dt > dt)
      if (!isMassLoss(at.entity, taken, before, reading, 'from')) return note === undefined
      return (
        note === 'agreed' &&
        after !== undefined &&
        !isMassLoss(at.entity, taken, after, reading, 'to') &&
        !isMassLoss(at.entity, taken, after, reading, 'from')
      )
    })
    if (!passes) wrongs.push(`${placeText(at)} ${dt} lost much and was committed without being held`)
  }

  /** A reading that begins out of the order of its days is committed only by one who could not see the other day yet. */
  const checkOrder = (at: Place, actor: string, { dt, manifest }: CommittedReading): void => {
    if (manifest.candidate === null) return
    const since = begun.get(actor)?.get(placeText(at)) ?? 0
    const inOrder = epochsOf(at)
      .slice(since, -1)
      .some(({ readings }) => {
        const taken = readings.filter(({ rows }) => rows !== null)
        const before = taken.findLast((each) => each.dt < dt)?.manifest.observedFrom ?? 0
        const after = taken.find((each) => each.dt > dt)?.manifest.observedFrom ?? Number.POSITIVE_INFINITY
        return before < manifest.observedFrom && manifest.observedFrom < after
      })
    if (!inOrder) wrongs.push(`${placeText(at)} ${dt} was read out of order and committed all the same`)
  }

  const commits = async (at: Place, dt: string, { actor, key }: Written): Promise<void> => {
    const epoch = await newEpoch(at)
    const reading = epoch.readings.find((each) => each.dt === dt)
    if (reading === undefined) return void wrongs.push(`${key} commits no day`)
    const { manifest } = reading
    const own = keys.manifest(at, dt, manifest.version)
    if (own !== key || manifest.site !== at.site || manifest.entity !== at.entity || manifest.dt !== dt)
      wrongs.push(`${key} says that it is ${own}`)
    checkGuard(at, actor, reading)
    checkOrder(at, actor, reading)
  }

  const publishes = async (at: Place, { key, bytes, actor }: Written): Promise<void> => {
    const found = rowsText(await plainRows(bytes))
    const floor = floors.get(key) ?? 0
    const epoch = epochsOf(at).findIndex(({ published }, i) => i >= floor && published.get(key) === found)
    if (epoch === -1) {
      const was = epochsOf(at).some(({ published }) => published.get(key) === found)
      const now = epochsOf(at).at(-1)?.published.get(key)
      wrongs.push(
        `${actor} published ${key} ${was ? 'as it was before' : 'as it never should be'}:\n${found}\nnow it should be\n${now}`,
      )
    } else floors.set(key, epoch)
    if (key === keys.history(at)) histories.set(`${actor} ${key}`, epochsOf(at).length - 1)
  }

  /** A landing's receipt makes its parts count: they must be there. */
  const lands = async ({ key, bytes }: Written): Promise<void> => {
    const receipt: Receipt = JSON.parse(new TextDecoder().decode(bytes))
    for (const part of receipt.parts) {
      const object = await objects.read(part.key)
      if (object?.sha256 !== part.sha256) wrongs.push(`${key} counts ${part.key}, which is not so`)
    }
  }

  return {
    wrongs,
    readers,
    accepted,
    begins: (actor) =>
      void begun.set(actor, new Map([...epochs].map(([place, known]) => [place, known.length - 1]))),
    loaded: async (actor, at) => {
      const key = keys.history(at)
      const since = histories.get(`${actor} ${key}`)
      const object = await objects.read(key)
      if (since === undefined || object === undefined) return
      const found = rowsText(await plainRows(object.bytes))
      if (!epochsOf(at).some(({ published }, i) => i >= since && published.get(key) === found))
        wrongs.push(`${actor} ended well, and ${key} is older than what was committed before it was written`)
    },
    expected: (at) => epochsOf(at).at(-1)?.published ?? new Map(),
    removed: (actor, key) => {
      if (parseKey(key)?.area !== 'landing') wrongs.push(`${actor} removed ${key}, which is never removed`)
    },
    written: async (write) => {
      const parsed = parseKey(write.key)
      if (parsed === undefined) return void wrongs.push(`${write.key} is no key of the warehouse`)
      const { area, labels, file } = parsed
      const at = { entity: labels['entity'] ?? '', site: labels['site'] ?? '' }
      if (AREAS[area] !== 'derived' && write.before !== undefined)
        wrongs.push(`${write.actor} changed ${write.key}, which is written once`)
      if ((area === 'candidate' || area === 'observation') && file.endsWith('.parquet'))
        await checkTruth(at, write.key, write.bytes)
      if (area === 'landing' && file === 'receipt.json') await lands(write)
      if (area === 'observation' && file.endsWith('.parquet')) await newEpoch(at)
      if (area === 'manifest') await commits(at, labels['dt'] ?? '', write)
      if (AREAS[area] === 'derived') await publishes(at, write)
    },
  }
}
