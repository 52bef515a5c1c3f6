import { join } from 'node:path'
import { someOf } from '../guarantees/proof.ts'
import { type Attack, attack } from './attack.ts'
import { folderPrint, printChanges } from './folder-print.ts'
import { answered, type HostileSite, LAST } from './hostile-site.ts'
import { SQL_ARGUMENTS, SQL_NAMES } from './sql-texts.ts'

/** The SQL texts with the path of the file that must not appear. */
export const sqlNames = (outside: string): readonly string[] =>
  SQL_NAMES.map((text) => text.replaceAll('{file}', join(outside, 'written')))

/** Commands that take a text which reaches SQL or might, and that must refuse this one. */
const refusing = (text: string): readonly (readonly string[])[] => [
  ['history', text, 'x'],
  ['diff', LAST, LAST, '--entity', text],
  ['diff', text, LAST],
  ['query', 'SELECT 1', '--site', text],
  ['accept', text, '--sha', 'abcdef01'],
  ['accept', 'users', '--sha', text],
  ['withdraw', 'users', '--date', text, '--reason', 'x'],
  ['load', '--date', text],
  ['verify', '--select', text],
]

/** Asking for a thing by such a name finds those that were ever called so, and no others: several are listed, with exit 2. */
async function missed({ ask, names }: HostileSite, text: string): Promise<string | undefined> {
  const { exit, out, err } = await ask(['history', 'workbooks', '--output', 'json', '--', text])
  if (![0, 2].includes(exit) || out === '') return `history ended with ${exit}: ${err}`
  const found = new Set((JSON.parse(out) as readonly { readonly id: string }[]).map(({ id }) => id))
  const isCalled = ([, name]: readonly [string, string]): boolean => name.toLowerCase() === text.toLowerCase()
  const wanted = new Set(Object.values(names).flatMap((day) => [...day].filter(isCalled).map(([id]) => id)))
  const isRight = found.size === wanted.size && [...found].every((id) => wanted.has(id))
  return isRight ? undefined : `history found ${[...found]}, not ${[...wanted]}`
}

async function refused({ ask }: HostileSite, text: string, turn: number): Promise<string | undefined> {
  for (const call of someOf(refusing(text), 5, turn)) {
    // What begins with a hyphen is an option to the parser, and refused as one.
    const { exit, out } = await ask(call)
    if (exit !== 2 || out !== '') return `${call[0]} ended with ${exit}: ${out}`
  }
  return undefined
}

/** The published names are the site's own, whatever they say. */
async function wrongRows({ ask, names }: HostileSite): Promise<readonly string[]> {
  const { out } = await ask(['query', 'SELECT id, name FROM workbooks', '--output', 'json'])
  const rows = JSON.parse(out) as readonly { readonly id: string; readonly name: string }[]
  const wrong = rows.filter(({ id, name }) => answered(names[LAST].get(id) ?? '') !== name)
  return [
    ...wrong.map(({ id, name }) => `${id} is called ${name}`),
    ...(rows.length === names[LAST].size ? [] : [`there are ${rows.length} workbooks`]),
  ]
}

/** SQL as names in the data of real nights, and in every argument of every command that might reach SQL. */
export async function sqlByNames(site: HostileSite): Promise<Attack> {
  const before = await folderPrint(site.base)
  const texts = sqlNames(site.outside)
  const asked = await attack(
    texts,
    async (text) => (await missed(site, text)) ?? refused(site, text, texts.indexOf(text)),
  )
  const given = await attack(SQL_ARGUMENTS, (text) => refused(site, text, SQL_ARGUMENTS.indexOf(text)))
  const verified = await site.ask(['verify', '--select', 'users,workbooks'])
  const after = await folderPrint(site.base)
  return {
    tried: asked.tried + given.tried,
    through: [
      ...asked.through,
      ...given.through,
      ...(await wrongRows(site)),
      ...(verified.exit === 0 ? [] : [`verify says ${verified.out}`]),
      ...printChanges(before, after),
    ],
  }
}
