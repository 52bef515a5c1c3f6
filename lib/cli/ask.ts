import { AlmanacError } from '../core/errors.ts'
import type { Answer as EngineAnswer } from '../engine/reader.ts'
import { ENTITIES, VIEWS } from '../entities/index.ts'
import type { Lacking } from '../questions/lacking.ts'
import type { Call } from './command.ts'
import { engineValue } from './engine-value.ts'
import { note } from './note.ts'
import { shelfOf } from './shelf.ts'
import type { InstantStyle, Value } from './value.ts'
import { sitesIn, storeOfSites, type Warehouse } from './warehouse.ts'

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

/** What these tables and what they need (undefined: all) lack of these sites (undefined: of all). */
export async function lackingFor(
  { store }: Warehouse,
  sites: readonly string[] | undefined,
  tables?: readonly string[],
): Promise<Lacking> {
  const [{ lacking }, { relationsNamed, relationsOf }] = await Promise.all([
    import('../questions/lacking.ts'),
    import('../tables/relation.ts'),
  ])
  const all = relationsOf(ENTITIES, VIEWS)
  const relations = tables === undefined ? all : relationsNamed(tables, all)
  return lacking(storeOfSites(store, sites), sites ?? (await sitesIn(store)), ENTITIES, relations)
}

const SHOWN = 3

/**
 * Says what the tables behind an answer lack, after the answer, which is right as far as it goes: what was never read is
 * told, a line for each site. Throws `not-published` when committed days are not there, so that no answer with a hole in it
 * ends well.
 */
export async function holdToCommits(call: Call, { objects, unread }: Lacking): Promise<void> {
  const sites = [...new Set(unread.map(({ site }) => site))]
  await note(
    call,
    ...sites.map((site) => `${site}: never read completely, and empty here: ${of(unread, site)}`),
  )
  if (objects.length === 0) return
  const more = objects.length > SHOWN ? ` and ${objects.length - SHOWN} more` : ''
  throw new AlmanacError(
    'not-published',
    `committed, and not in the tables: ${objects.slice(0, SHOWN).join(', ')}${more}`,
  )
}

const of = (unread: Lacking['unread'], site: string): string =>
  unread.flatMap((each) => (each.site === site ? each.entity : [])).join(', ')

/** Whether an error is the engine's about a table that is not there. */
export const isUnknownTable = ({ code, message }: AlmanacError): boolean =>
  code === 'bad-sql' &&
  /Table with name \S+ does not exist|Table Function with name \S+ does not exist/.test(message)
