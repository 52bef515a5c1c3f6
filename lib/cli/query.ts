import { resolve } from 'node:path'
import { AlmanacError } from '../core/errors.ts'
import { ENTITIES, VIEWS } from '../entities/index.ts'
import type { Relation } from '../tables/relation.ts'
import { ask, holdToCommits, isUnknownTable, lackingFor } from './ask.ts'
import { type Call, COMMON, type Command, formatOf, textOption } from './command.ts'
import { plainAnswer } from './engine-value.ts'
import { fewAtOnce } from './few-at-once.ts'
import { mirrored } from './mirror.ts'
import { note } from './note.ts'
import { styleOf, writeAnswer } from './output.ts'
import { readableFolders } from './shelf.ts'
import { askedSites, existingWarehouse, isBucket, type Warehouse } from './warehouse.ts'

/** Looks at every object that these relations read. Throws `corrupt-object`, which names the first that is damaged. */
async function verifyFiles(
  { store, file }: Warehouse,
  relations: readonly Pick<Relation, 'objects'>[],
): Promise<void> {
  const prefixes = new Set(relations.flatMap(({ objects }) => objects?.prefix ?? []))
  for (const prefix of prefixes) await fewAtOnce(await store.list(prefix), file)
}

async function exportTo(file: string, call: Call, warehouse: Warehouse): Promise<void> {
  if (textOption(call.options, 'site') !== undefined)
    throw new AlmanacError('usage', '--duckdb takes no --site: its tables have a column "site"')
  const [{ exportDatabase }, { relationsOf }] = await Promise.all([
    import('../questions/export.ts'),
    import('../tables/relation.ts'),
  ])
  const path = resolve(file)
  const { store } = warehouse
  const root = isBucket(warehouse.name) ? await mirrored(warehouse, `${path}.objects`) : warehouse.folder
  const relations = relationsOf(ENTITIES, VIEWS)
  const hasObjects = async ({ prefix, suffix }: { prefix: string; suffix: string }): Promise<boolean> =>
    (await store.list(prefix)).some(({ key }) => key.endsWith(suffix))
  // A copy was verified when it was made; what lies in a folder is looked at now. Later damage no database file can notice.
  if (root === warehouse.folder) await verifyFiles(warehouse, relations)
  await exportDatabase({ root, folders: readableFolders(root), relations, file: path, hasObjects })
  await note(call, `${path} has ${relations.length} views and macros over ${root}`)
  if (root !== warehouse.folder)
    await note(
      call,
      'The objects of the bucket were copied there as they are now; run it again after later nights.',
    )
}

/** The engine’s guess at a name that is not there comes from its own tables; ours are the ones to name. */
function withTables(thrown: unknown, relations: readonly Relation[]): unknown {
  if (!(thrown instanceof AlmanacError) || !isUnknownTable(thrown)) return thrown
  const message = (thrown.message.split('\n')[0] ?? '').replace(/ Did you mean .*/, '')
  const tables = relations.map(({ name }) => name).join(', ')
  return new AlmanacError('bad-sql', message, { cause: thrown, next: `There are: ${tables}.` })
}

/** Answers a statement, and says which tables it read. */
async function answerSql(
  call: Call,
  warehouse: Warehouse,
  sites: readonly string[] | undefined,
  sql: string,
): Promise<readonly string[]> {
  const format = formatOf(call.options)
  const { relationsOf } = await import('../tables/relation.ts')
  return ask(warehouse, sites, sql, async (answer) => {
    await writeAnswer(call.io, format, plainAnswer(answer, styleOf(format)))
    return answer.from
  }).catch((thrown: unknown) => {
    throw withTables(thrown, relationsOf(ENTITIES, VIEWS))
  })
}

async function run(call: Call): Promise<number> {
  const [sql] = call.args
  const file = textOption(call.options, 'duckdb')
  if (sql === undefined && file === undefined)
    throw new AlmanacError('usage', 'there is no statement to answer', {
      next: 'Give one in quotes: almanac query "SELECT count(*) FROM workbooks".',
    })
  const warehouse = await existingWarehouse(call)
  if (file !== undefined) await exportTo(file, call, warehouse)
  const sites = await askedSites(warehouse, call)
  const read = sql === undefined ? undefined : await answerSql(call, warehouse, sites, sql)
  // A database file shows all tables, whatever is asked besides.
  await holdToCommits(call, await lackingFor(warehouse, sites, file === undefined ? read : undefined))
  return 0
}

/** SQL over the warehouse. */
export const QUERY: Command = {
  name: 'query',
  args: [{ name: '[sql]', doc: 'one SELECT over workbooks, workbooks_history, workbooks_changes, …' }],
  doc: 'answer a question in SQL, over every table and every past day',
  options: [
    {
      flags: '--duckdb <file>',
      doc: 'leave a DuckDB database with the same tables, for notebooks and BI tools',
    },
    ...COMMON,
  ],
  examples: [
    'almanac query "SELECT name, site_role FROM users LIMIT 10"',
    `almanac query "SELECT count(*) FROM workbooks_at(DATE '2026-11-01')" --output csv`,
    'almanac query --duckdb almanac.duckdb',
  ],
  run,
}
