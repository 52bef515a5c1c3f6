import type { AlmanacError } from '../core/errors.ts'
import type { Answer as EngineAnswer } from '../engine/reader.ts'
import { ENTITIES, VIEWS } from '../entities/index.ts'
import { engineValue } from './engine-value.ts'
import { shelfOf } from './shelf.ts'
import type { InstantStyle, Value } from './value.ts'
import type { Warehouse } from './warehouse.ts'

/** Asks the published tables of these sites (undefined: of all) one statement; the engine is closed when `take` has the rows. */
export async function ask<T>(
  warehouse: Warehouse,
  sites: readonly string[] | undefined,
  sql: string,
  take: (answer: EngineAnswer) => Promise<T>,
): Promise<T> {
  const [{ query }, { relationsOf }] = await Promise.all([
    import('../questions/query.ts'),
    import('../tables/relation.ts'),
  ])
  const { answer, reader } = await query(shelfOf(warehouse, sites), relationsOf(ENTITIES, VIEWS), sql)
  try {
    return await take(answer)
  } finally {
    reader.close()
  }
}

/** All rows of a short answer. */
export const askRows = (
  warehouse: Warehouse,
  sites: readonly string[] | undefined,
  sql: string,
  style: InstantStyle,
): Promise<readonly (readonly Value[])[]> =>
  ask(warehouse, sites, sql, async ({ chunks }) => {
    const all: (readonly Value[])[] = []
    for await (const rows of chunks)
      all.push(...rows.map((row) => row.map((value) => engineValue(value, style))))
    return all
  })

/** Whether an error is the engine's about a table that is not there. */
export const isUnknownTable = ({ code, message }: AlmanacError): boolean =>
  code === 'bad-sql' &&
  /Table with name \S+ does not exist|Table Function with name \S+ does not exist/.test(message)
