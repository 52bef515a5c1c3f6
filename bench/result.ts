/** A cell: a measured number, already rounded to what it is worth, or a word. */
export type BenchCell = number | string

/** One table of measurements. */
export interface BenchTable {
  readonly title: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly BenchCell[])[]
}

/** What a benchmark found. */
export interface BenchResult {
  readonly name: string
  readonly tables: readonly BenchTable[]
}

/** A number to so many digits after the point. */
export const rounded = (value: number, digits = 1): number => Number(value.toFixed(digits))

/** The middle of some measurements; 0 of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? 0)
    : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
}

const shown = (cell: BenchCell): string => (typeof cell === 'number' ? cell.toLocaleString('en-US') : cell)

/** A table as Markdown: it reads well on a terminal too. */
export function tableText({ title, head, rows }: BenchTable): string {
  const cells = [head, ...rows.map((row) => row.map(shown))]
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)))
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`
  const [first = [], ...others] = cells
  return [`**${title}**`, '', line(first), rule, ...others.map(line)].join('\n')
}

/** A result as text: its tables, one below the other. */
export const resultText = ({ tables }: BenchResult): string => tables.map(tableText).join('\n\n')

/** Runs a benchmark as a program: tables on stdout, or JSON with --json. */
export async function benchmark(name: string, measure: () => Promise<readonly BenchTable[]>): Promise<void> {
  const result: BenchResult = { name, tables: await measure() }
  const text = process.argv.includes('--json') ? JSON.stringify(result) : resultText(result)
  process.stdout.write(`${text}\n`)
}
