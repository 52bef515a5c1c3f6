import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'

/** What is wrong with a statement, in the parser's words; nothing when it is Trino's SQL. */
export type Objections = (sql: string) => readonly string[]

interface Parser {
  validate(sql: string): readonly { readonly message: string; readonly startLine: number }[]
}

/** What is grammar to the parser by another reading (`ALL` as a column, `ANTI` as an alias), and no statement to Trino. */
const MISREAD: readonly { readonly pattern: RegExp; readonly why: string }[] = [
  { pattern: /\b(ORDER|GROUP) BY ALL\b/i, why: 'BY ALL is of DuckDB' },
  { pattern: /\b(ANTI|SEMI|ASOF|POSITIONAL) JOIN\b/i, why: 'a join of DuckDB' },
  { pattern: /\bFILTER \((?!\s*WHERE\b)/i, why: 'FILTER needs WHERE' },
  {
    pattern: /\b(list_\w+|arg_(?:max|min)|dayofweek|make_timestamp|strftime|array_to_string)\s*\(/i,
    why: 'a function of DuckDB',
  },
  { pattern: /\bstruct\b|\bvarchar\s*\[\]/i, why: 'a type of DuckDB' },
  { pattern: /(?:DATE '[^']*'|\bdt|_on|\))\s*[-+]\s*\d+\b(?!\s*\*)/, why: 'a day plus a number' },
]

/** The names of a statement's own answer that it groups by: Trino groups by columns of tables, or by places. */
function aliasesGroupedBy(sql: string): readonly string[] {
  const aliases = new Set([...sql.matchAll(/\bAS "?(\w+)"?/gi)].map(([, alias]) => alias))
  const grouped = [...sql.matchAll(/\bGROUP BY ([\w., "]+?)(?= ORDER BY| HAVING| LIMIT|[\n)]|$)/gi)]
  return grouped
    .flatMap(([, list = '']) => list.split(',').map((each) => each.trim()))
    .filter((each) => aliases.has(each))
}

/** The parser of Trino's SQL, made ready once: its package is written for bundlers, so that Node alone cannot import it. */
export async function openTrino(): Promise<Objections> {
  const folder = await mkdtemp(join(tmpdir(), 'almanac-trino-'))
  const outfile = join(folder, 'trino.mjs')
  await build({
    stdin: {
      contents: "export { TrinoSQL } from 'dt-sql-parser/dist/parser/trino'",
      resolveDir: import.meta.dirname,
    },
    bundle: true,
    format: 'esm',
    platform: 'node',
    outfile,
  })
  // Its types are of the package; one method of it is used.
  const { TrinoSQL } = (await import(pathToFileURL(outfile).href)) as { TrinoSQL: new () => Parser }
  await rm(folder, { recursive: true, force: true })
  const parser = new TrinoSQL()
  return (sql) => [
    ...parser.validate(sql).map(({ message, startLine }) => `line ${startLine}: ${message}`),
    ...aliasesGroupedBy(sql).map((alias) => `GROUP BY ${alias}, which is no column of a table`),
    ...MISREAD.filter(({ pattern }) => pattern.test(sql)).map(({ why }) => why),
  ]
}
