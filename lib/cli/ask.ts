import { AlmanacError } from '../core/errors.ts'
import type { Answer as EngineAnswer } from '../engine/reader.ts'
import { ENTITIES, VIEWS } from '../entities/index.ts'
import { engineValue } from './engine-value.ts'
import { shelfOf } from './shelf.ts'
import type { InstantStyle, Value } from './value.ts'
import { storeOfSites, type Warehouse } from './warehouse.ts'

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

const SHOWN = 3

/**
 * Throws `not-published` when the tables that a statement may read (undefined: all) lack committed days: asked after the
 * answer is out, which is right as far as it goes, so that no answer with a hole in it ends well.
 */
export async function holdToCommits(
  { store }: Warehouse,
  sites: readonly string[] | undefined,
  sql?: string,
): Promise<void> {
  const [{ lacking }, { relationsIn, relationsOf }] = await Promise.all([
    import('../questions/lacking.ts'),
    import('../tables/relation.ts'),
  ])
  const all = relationsOf(ENTITIES, VIEWS)
  const missing = await lacking(
    storeOfSites(store, sites),
    ENTITIES,
    sql === undefined ? all : relationsIn(sql, all),
  )
  if (missing.length === 0) return
  const more = missing.length > SHOWN ? ` and ${missing.length - SHOWN} more` : ''
  throw new AlmanacError(
    'not-published',
    `committed, and not in the tables: ${missing.slice(0, SHOWN).join(', ')}${more}`,
  )
}

/** Whether an error is the engine's about a table that is not there. */
export const isUnknownTable = ({ code, message }: AlmanacError): boolean =>
  code === 'bad-sql' &&
  /Table with name \S+ does not exist|Table Function with name \S+ does not exist/.test(message)
