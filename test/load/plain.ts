import { memoryStore } from '../../lib/adapters/memory/store.ts'
import type { Row } from '../../lib/core/column.ts'
import type { Day } from '../../lib/core/day.ts'
import type { Entity } from '../../lib/core/entity.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import { PARENT_VERDICT, type ParentVerdict, shapeOf } from '../../lib/core/shape.ts'
import { withdrawDay } from '../../lib/load/correct.ts'
import { type Desk, openDesk } from '../../lib/load/desk.ts'
import { type LoadResult, load } from '../../lib/load/load.ts'
import type { Fold, FoldDay, LoadEngine, Neighbours } from '../../lib/load/transforms.ts'
import { plainEngine } from '../simulation/plain-engine.ts'
import { type LandingFacts, land } from './land.ts'
import { placeOf } from './toy.ts'

/** So many things; of `name` and `size`, how many of the first have a value, all unless said otherwise. */
export const things = (
  count: number,
  { name = count, size = count, extra = count }: { name?: number; size?: number; extra?: number } = {},
): Row[] =>
  Array.from({ length: count }, (_, i) => ({
    id: `t${String(i).padStart(3, '0')}`,
    name: i < name ? `name ${i}` : null,
    size: i < size ? BigInt(i) : null,
    tags: null,
    views: 0n,
    raw_extra: i < extra ? '{}' : null,
  }))

/** Boxes with what became of them, and this many links in each that was read. */
export const links = (boxes: Readonly<Record<string, ParentVerdict>>, each = 2): Row[] =>
  Object.entries(boxes).flatMap(([box_id, verdict]) => {
    const row = { box_id, thing_id: null, role: null, raw_extra: null, [PARENT_VERDICT]: null }
    const facts = Array.from({ length: verdict === 'read' ? each : 0 }, (_, i) => ({
      ...row,
      thing_id: `t${i}`,
      role: 'in',
    }))
    return [{ ...row, [PARENT_VERDICT]: verdict }, ...facts]
  })

/** One night of a plain world. */
export interface Night extends Pick<LandingFacts, 'missing' | 'observedFrom' | 'run'> {
  readonly dt: Day
  readonly rows: readonly Row[]
  /** Whether the day is withdrawn after it was loaded. */
  readonly isWithdrawn?: boolean
}

/** A history that was folded: the day that it went on from, and the days that were applied. */
export interface Folded {
  readonly from: Day | null
  readonly days: readonly (Pick<FoldDay, 'dt' | 'missing'> & {
    readonly before: Day | null
    readonly coverages: number
  })[]
}

/** A store in memory loaded by the plain engine, and what was asked of both since the last night began. */
export interface PlainWorld {
  readonly store: ObjectStore
  /** The engine; what it compares and folds is in `compared` and `folded`. */
  readonly engine: LoadEngine
  readonly compared: Pick<Neighbours, 'direction' | 'columns'>[]
  readonly folded: Folded[]
  /** Keys in the order in which they were read. */
  readonly read: string[]
  /** Keys and conditions in the order in which they were written. */
  readonly written: (readonly [key: string, condition: string])[]
  desk(): Promise<Desk>
  lands(night: Night): Promise<void>
  /** Lands and loads a night, and withdraws it when it says so. */
  night(night: Night): Promise<LoadResult>
}

/** The plain engine, telling what it compares and folds. */
const watched = ({ compared, folded }: Pick<PlainWorld, 'compared' | 'folded'>): LoadEngine => ({
  transforms: async (shape) => {
    const transforms = await plainEngine.transforms(shape)
    return {
      ...transforms,
      compare: (sides) => {
        compared.push({ direction: sides.direction, columns: sides.columns })
        return transforms.compare(sides)
      },
      fold: async (from) => {
        const [fold, days]: [Fold, Folded['days'][number][]] = [await transforms.fold(from), []]
        folded.push({ from: from === null ? null : from.day, days })
        return {
          ...fold,
          apply: (day) => {
            const { dt, earlier, missing, coverages } = day
            days.push({ dt, before: earlier.at(-1)?.dt ?? null, missing, coverages: coverages.length })
            return fold.apply(day)
          },
        }
      },
    }
  },
})

/** An empty world of one entity. */
export function plainWorld(of: Entity): PlainWorld {
  const inner = memoryStore()
  const compared: PlainWorld['compared'] = []
  const folded: Folded[] = []
  const read: string[] = []
  const written: PlainWorld['written'] = []
  const store: ObjectStore = {
    ...inner,
    read: (key) => {
      read.push(key)
      return inner.read(key)
    },
    write: (key, bytes, condition) => {
      written.push([key, typeof condition === 'string' ? condition : 'etag'])
      return inner.write(key, bytes, condition)
    },
  }
  const engine = watched({ compared, folded })
  const lands = async ({ dt, rows, ...facts }: Night): Promise<void> => {
    const count = rows.filter((row) => (row[PARENT_VERDICT] ?? null) === null).length
    await land(inner, of, dt, rows, { ...facts, facts: count })
  }
  return {
    store,
    engine,
    compared,
    folded,
    read,
    written,
    desk: async () => {
      const shape = shapeOf(of)
      return openDesk(store, await engine.transforms(shape), shape, placeOf(of))
    },
    lands,
    night: async (night) => {
      for (const list of [compared, folded, read, written]) list.length = 0
      await lands(night)
      const loaded = await load(store, engine, of, 'test', `load-${night.dt}`)
      if (night.isWithdrawn === true)
        await withdrawDay(store, engine, of, 'test', { dt: night.dt, run: 'withdraw', reason: 'test' })
      return loaded
    },
  }
}
