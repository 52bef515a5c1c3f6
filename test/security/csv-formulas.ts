import { type Attack, attack } from './attack.ts'
import { FORMULAS } from './formula-texts.ts'
import { answered, FIRST, type HostileSite, LAST } from './hostile-site.ts'
import { formulasCutAt, isFormula, readCsv } from './spreadsheet.ts'

/** The other way round, as docs/quickstart.md tells it: one apostrophe goes wherever one was put. */
const UNDO = new RegExp(
  [
    `(?<=^|[;\\t])'(?=[\\s\\p{Cc}\\p{Cf}'"‘’“”]*[=+\\-@＝＋－＠﹢﹣﹦﹫−])`,
    `(?<=[\\r\\n])'(?! *- (?![^\\r\\n]*[(|!]))(?=[\\s\\p{Cc}\\p{Cf}'"‘’“”]*[=+\\-@＝＋－＠﹢﹣﹦﹫−])`,
    `^'(?='*[\\t\\r\\n])`,
  ].join('|'),
  'gu',
)

/** The text that a cell of `--output csv` was made of. */
export const undone = (cell: string): string => cell.replace(UNDO, '')

interface Cells {
  /** Answers of the real commands, by what was asked. */
  readonly csv: Readonly<Record<string, string>>
  /** Every cell of them that has a name in it, once: with its name where that is known. */
  readonly cells: ReadonlySet<string>
}

async function answers({ ask, base, names }: HostileSite): Promise<Cells> {
  const [luid = ''] = names[FIRST].keys()
  const calls: Readonly<Record<string, readonly string[]>> = {
    workbooks: ['query', 'SELECT id, name FROM workbooks'],
    users: ['query', 'SELECT id, full_name FROM users'],
    past: ['query', `SELECT id, name FROM workbooks_at(DATE '${FIRST}')`],
    lists: ['query', 'SELECT id, [name] AS names, {a: name} AS struct FROM workbooks'],
    diff: ['diff', FIRST, LAST, '--entity', 'workbooks', '--quiet'],
    history: ['history', 'workbooks', luid],
  }
  const csv: Record<string, string> = {}
  const cells = new Set<string>()
  for (const [what, call] of Object.entries(calls)) {
    const { exit, out } = await ask([...call, '--output', 'csv'])
    if (exit !== 0) throw new Error(`${what} ended with ${exit}`)
    csv[what] = out
    for (const row of await readCsv(out, base)) for (const cell of Object.values(row)) cells.add(cell ?? '')
  }
  return { csv, cells }
}

/** The names of every workbook and user are found again: as they are, or once the apostrophes are taken away. */
async function notTheSame(
  { ask, base, names }: HostileSite,
  format: 'csv' | 'csv-raw',
): Promise<readonly string[]> {
  const { out } = await ask(['query', 'SELECT id, name FROM workbooks', '--output', format])
  const rows = await readCsv(out, base)
  const wrong = rows.filter(({ id, name }) => {
    const text = format === 'csv' ? undone(name ?? '') : (name ?? '')
    return text !== answered(names[LAST].get(id ?? '') ?? '')
  })
  const count = rows.length === names[LAST].size ? [] : [`${rows.length} rows`]
  return [...wrong.map((row) => `${format} has ${JSON.stringify(row)}`), ...count]
}

/** Formulas as names of workbooks and users, asked for by every command that shows names, as CSV. */
export async function csvFormulas(site: HostileSite): Promise<Attack> {
  const { csv, cells } = await answers(site)
  const run = [...cells].filter(isFormula)
  const cut = Object.values(csv).flatMap((text) => [
    ...formulasCutAt(text, ';'),
    ...formulasCutAt(text, '\t'),
  ])
  const texts = new Set([...cells].map(undone))
  const found = await attack(FORMULAS, (formula) =>
    texts.has(answered(formula)) ? undefined : 'is not found again in any answer',
  )
  return {
    tried: found.tried,
    through: [
      ...found.through,
      ...(await notTheSame(site, 'csv')),
      ...(await notTheSame(site, 'csv-raw')),
      ...run.map((cell) => `${JSON.stringify(cell)} is a formula`),
      ...cut.map((cell) => `${JSON.stringify(cell)} is one to another reader`),
    ],
  }
}
