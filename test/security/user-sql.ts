import { cp, mkdir, readdir, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { readableFolders } from '../../lib/cli/shelf.ts'
import { isError } from '../../lib/core/errors.ts'
import { openReader, type Reader } from '../../lib/engine/reader.ts'
import { almanac } from '../cli/terminal.ts'
import { someOf } from '../guarantees/proof.ts'
import { type Attack, attack } from './attack.ts'
import { folderPrint, printChanges } from './folder-print.ts'
import { CANARY, type HostileSite } from './hostile-site.ts'
import { FINE_STATEMENTS, type Places, refusedStatements } from './user-sql-texts.ts'

/** A copy of the warehouse with links in it that lead out, where no listing of a table looks. */
async function withLinks({ base, root, outside }: HostileSite): Promise<Places> {
  const copy = join(base, 'linked')
  await cp(root, copy, { recursive: true })
  for (const area of ['history', 'snapshot']) {
    await symlink(outside, join(copy, area, 'link'))
    await symlink(join(outside, 'canary.csv'), join(copy, area, 'link.csv'))
  }
  return { root: copy, outside }
}

const REFUSED = /^error (sql-not-read-only|bad-sql): .+\nnext: .+\n$/

/** What the real command does with a statement that it must refuse. */
async function byCommand({ root }: Places, sql: string): Promise<string | undefined> {
  const { exit, out, err } = await almanac(['query', '--warehouse', root, '--output', 'json', '--', sql])
  if (exit !== 2 || out !== '' || !REFUSED.test(err)) return `query ended with ${exit}: ${out}${err}`
  return err.includes(CANARY) ? `query told ${err}` : undefined
}

/** What a reader does with it that has the folders themselves, and serves one statement after the other. */
async function byReader(reader: Reader, sql: string): Promise<string | undefined> {
  try {
    const { chunks } = await reader.select(sql)
    for await (const rows of chunks) if (rows.length > 0) return `the reader answered ${String(rows[0])}`
    return 'the reader answered nothing'
  } catch (thrown) {
    return isError(thrown, 'sql-not-read-only', 'bad-sql') ? undefined : `the reader threw ${String(thrown)}`
  }
}

/** Tables whose place a link has taken: neither is what it leads to read, nor is the table quietly without it. */
async function byLinkedTables({ base, root, outside }: HostileSite): Promise<Attack> {
  const places = [
    'current/entity=users/site=demo/data.parquet',
    'current/entity=users/site=evil',
    'runs/site=demo',
  ]
  return attack(places, async (place) => {
    const copy = join(base, 'replaced')
    await cp(root, copy, { recursive: true })
    await rm(join(copy, place), { recursive: true, force: true })
    await mkdir(join(copy, place, '..'), { recursive: true })
    await symlink(place.endsWith('.parquet') ? join(outside, 'canary.parquet') : outside, join(copy, place))
    const table = place.startsWith('runs') ? 'runs' : 'users'
    const { exit, out, err } = await almanac(['query', `FROM ${table}`, '--warehouse', copy])
    await rm(copy, { recursive: true })
    return exit === 1 && out === '' && /^error store-failed: .*neither a file nor a folder/.test(err)
      ? undefined
      : `${exit}: ${out}${err}`
  })
}

const fine = ({ root }: Places): Promise<Attack> =>
  attack(FINE_STATEMENTS, async (sql) => {
    const { exit, err } = await almanac(['query', sql, '--warehouse', root, '--output', 'json'])
    return exit === 0 ? undefined : `is fine and was refused: ${err}`
  })

/** What there is in the test's folder, and whatever a statement may have left in the current one. */
const everything = async ({ base }: HostileSite): Promise<readonly string[]> => [
  ...(await folderPrint(base)),
  ...(await readdir('.')).filter((name) => /^(\.tmp|written|canary|memory)/.test(name)),
]

/** Every statement that is none of reading the tables: by the command, by the shared reader, and what is left behind. */
export async function userSql(site: HostileSite): Promise<Attack> {
  const places = await withLinks(site)
  const before = await everything(site)
  const reader = await openReader(readableFolders(places.root))
  await reader.define('CREATE VIEW users AS SELECT 1 AS id, 2 AS name')
  const statements = refusedStatements(places)
  // The command asks such a reader, and costs a start of the engine each time.
  const byBoth = new Set(someOf(statements, 5))
  const refused = await attack(
    statements,
    async (sql) => (await byReader(reader, sql)) ?? (byBoth.has(sql) ? byCommand(places, sql) : undefined),
  )
  reader.close()
  const linked = await byLinkedTables(site)
  const allowed = await fine(places)
  const after = await everything(site)
  return {
    tried: refused.tried + linked.tried,
    through: [...refused.through, ...linked.through, ...allowed.through, ...printChanges(before, after)],
  }
}
