import type { Row } from '../core/column.ts'
import type { Entity } from '../core/entity.ts'
import type { RawItem } from '../core/item.ts'
import type { StoredColumn } from '../core/receipt.ts'
import { type Drift, keyOf, rowReader } from '../core/row.ts'
import { sha256 } from '../core/sha256.ts'
import type { PassSink } from './list.ts'
import { type PartWriter, partWriter } from './parquet.ts'

/** A finished Parquet part. */
export interface FinishedPart {
  readonly bytes: Uint8Array
  readonly rows: number
}

/** Takes the rows of a whole landing and gives its parts, each once. */
export interface PartSink {
  add(rows: readonly Row[]): void
  /** The parts that are full so far: whoever writes them at once holds no more than one. */
  full(): readonly FinishedPart[]
  /** Closes the last part and gives what is left; nothing can be added after. */
  finish(): readonly FinishedPart[]
}

/** A part is closed at this many rows, which bounds what a reader of one part needs. */
const PART_ROWS = 250_000

/** A sink that turns rows into Parquet parts as they come. */
export function partSink(columns: readonly StoredColumn[]): PartSink {
  const done: FinishedPart[] = []
  let writer: PartWriter = partWriter(columns)
  const close = (): void => {
    if (writer.rows() > 0) done.push({ rows: writer.rows(), bytes: writer.finish() })
    writer = partWriter(columns)
  }
  return {
    add: (rows) => {
      writer.add(rows)
      if (writer.rows() >= PART_ROWS) close()
    },
    full: () => done.splice(0),
    finish: () => {
      close()
      return done.splice(0)
    },
  }
}

/** Items of one pass as rows, each key once; `forward` gets them page by page. */
export function rowSink(
  entity: Entity,
  drift: Drift,
  forward: (rows: readonly Row[]) => void,
  parent?: string,
): PassSink {
  const read = rowReader(entity, drift)
  const keys = new Set<string>()
  return {
    unique: () => keys.size,
    fingerprint: () => sha256([...keys].sort().join('\n')),
    take: (items: readonly RawItem[]) => {
      const fresh: Row[] = []
      for (const item of items) {
        const row = read(item, parent)
        const key = keyOf(entity, row)
        if (keys.has(key)) continue
        keys.add(key)
        fresh.push(row)
      }
      forward(fresh)
    },
  }
}
