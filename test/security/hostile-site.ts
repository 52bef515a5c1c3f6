import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Simulator, startSimulator } from '../../lib/simulator/server.ts'
import { almanac, environmentOf, type Outcome, temporaryFolder } from '../cli/terminal.ts'

/** The nights of a hostile site. */
export const [FIRST, LAST] = ['2026-11-01', '2026-11-02'] as const

/** A site whose people gave things names that are meant for whoever reads them, and a warehouse of two real nights of it. */
export interface HostileSite {
  /** The folder in which everything of the test lies. */
  readonly base: string
  /** The warehouse, in `base`: a path that means something to SQL, to patterns and to shells. */
  readonly root: string
  /** Another folder in `base`, which nothing may read or write. */
  readonly outside: string
  readonly simulator: Simulator
  /** The names of workbooks by LUID, on each of the days. */
  readonly names: Readonly<Record<typeof FIRST | typeof LAST, ReadonlyMap<string, string>>>
  /** Runs a command on the warehouse. `columns` makes both streams terminals. */
  ask(args: readonly string[], columns?: number): Promise<Outcome>
  close(): Promise<void>
}

/** A text as answers have it: the engine's client drops a byte order mark at its beginning. */
export const answered = (text: string): string => text.replace(/^\ufeff/, '')

/** The content of every file that must not be read. */
export const CANARY = 'canary-9b1d77'

async function makeOutside(folder: string): Promise<void> {
  await mkdir(folder)
  for (const kind of ['csv', 'json', 'parquet', 'duckdb', 'duckdb_extension'])
    await writeFile(join(folder, `canary.${kind}`), `a,b\n${CANARY},1\n`)
  await writeFile(join(folder, 'schema.sql'), `CREATE TABLE canary AS SELECT '${CANARY}' AS a;\n`)
  await writeFile(join(folder, 'load.sql'), '')
}

/** Gives the workbooks and users of the simulator's day these names, each once; the others keep theirs. */
function rename(simulator: Simulator, texts: readonly string[]): ReadonlyMap<string, string> {
  const { workbooks, users } = simulator.world()
  if (workbooks.length < texts.length || users.length < texts.length)
    throw new Error(`${texts.length} names for ${workbooks.length} workbooks and ${users.length} users`)
  for (const [index, text] of texts.entries()) {
    const [workbook, user] = [workbooks[index], users[index]]
    if (workbook !== undefined) workbook.name = text
    if (user !== undefined) user.fullName = text
  }
  return new Map(workbooks.map(({ id, name }) => [id, name]))
}

/**
 * Opens a site of these names and reads it on two nights with the real command; on the second, each name stands at the
 * next workbook, so that every name is also an old and a new value. Throws when a night does not end well.
 */
export async function openHostileSite(
  textsFor: (outside: string) => readonly string[],
): Promise<HostileSite> {
  const folder = await temporaryFolder()
  const [root, outside] = [join(folder.path, `wh'); COPY "x"--[1]*`), join(folder.path, 'outside')]
  await makeOutside(outside)
  const texts = textsFor(outside)
  const room = texts.length + 20
  const counts = { users: room, groups: 2, projects: 3, workbooks: room, views: 5, datasources: 2 }
  const simulator = await startSimulator({ seed: 'hostile', day: FIRST, counts })
  const env = { ...environmentOf(simulator), NO_COLOR: '1' }
  const ask: HostileSite['ask'] = ([command = '', ...args], columns) =>
    almanac([command, '--warehouse', root, ...args], env, columns)
  const night = async (day: string, given: readonly string[]): Promise<ReadonlyMap<string, string>> => {
    if (day !== simulator.day()) simulator.setDay(day)
    const names = rename(simulator, given)
    const { exit, err } = await ask(['nightly', '--select', 'users,workbooks', '--date', day, '--quiet'])
    if (exit !== 0) throw new Error(`the night of ${day} ended with ${exit}: ${err}`)
    return names
  }
  const first = await night(FIRST, texts)
  const last = await night(LAST, [...texts.slice(1), ...texts.slice(0, 1)])
  return {
    base: folder.path,
    root,
    outside,
    simulator,
    names: { [FIRST]: first, [LAST]: last },
    ask,
    close: async () => {
      await simulator.close()
      await folder.remove()
    },
  }
}
