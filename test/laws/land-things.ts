import type { Row } from '../../lib/core/column.ts'
import type { Entity } from '../../lib/core/entity.ts'
import type { RawItem } from '../../lib/core/item.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import type { Receipt } from '../../lib/core/receipt.ts'
import { rowReader } from '../../lib/core/row.ts'
import { randomOf } from '../../lib/simulator/random.ts'
import { land } from '../load/land.ts'
import type { Reading, Value } from '../load/oracle.ts'
import { THINGS } from '../load/toy.ts'

/** The toy as it was declared before it had sizes. */
export const THINGS_BEFORE: Entity = {
  ...THINGS,
  columns: Object.fromEntries(Object.entries(THINGS.columns).filter(([name]) => name !== 'size')),
}

const attribute = (value: Value | undefined): string | undefined =>
  value == null ? undefined : String(value)

/** A row as Tableau would send it: the tags in another order each time, and what is not known or null left out. */
function itemOf(id: string, cells: Readonly<Record<string, Value>>, isReversed: boolean): RawItem {
  const tags = Array.isArray(cells['tags']) ? cells['tags'] : undefined
  const extra: Readonly<Record<string, string>> = JSON.parse(String(cells['raw_extra'] ?? '{}'))
  return {
    '@id': id,
    '@name': attribute(cells['name']),
    '@size': attribute(cells['size']),
    tags: tags === undefined ? undefined : '',
    'tags/tag/@label': isReversed ? tags?.toReversed() : tags,
    '@views': attribute(cells['views']),
    ...extra,
  }
}

/** Rows as the extractor makes them of a reading: it, and nobody after it, puts lists in their canonical order. */
export function rowsOf(entity: Entity, { dt, rows }: Reading): readonly Row[] {
  const random = randomOf('order of tags', dt)
  const read = rowReader(entity, new Map())
  return [...rows].map(([id, cells]) => read(itemOf(id, cells, random.chance(0.5))))
}

/** Lands a reading of a day. `look` counts the readings of that day from 1, each a second later than the one before. */
export const landReading = (
  store: ObjectStore,
  reading: Reading,
  look = 1,
  entity: Entity = THINGS,
): Promise<Receipt> =>
  land(store, entity, reading.dt, rowsOf(entity, reading), {
    run: `look-${look}`,
    missing: reading.missing.filter((column) => column in entity.columns),
    observedFrom: Date.parse(`${reading.dt}T03:00:00Z`) + look * 1000,
  })
