/** What a proof came to: counts by what they count. */
export type Counts = Readonly<Record<string, number>>

/** What all proofs came to when they were last run in full, by name. */
export type Figures = Readonly<Record<string, Counts>>

const number = (value: number): string =>
  Number.isInteger(value) ? value.toLocaleString('en-US') : String(Number(value.toFixed(4)))

/** Counts in words: `20,000 seeds, 0 seeds wrong`. */
export const figureText = (counts: Counts): string =>
  Object.entries(counts)
    .map(([what, value]) => `${number(value)} ${what}`)
    .join(', ')

/** A cell that names a figure, `| \`simulation\`: 20,000 seeds |`, at the end of a row. */
const CELL = /\| `([a-z-]+)`:[^|\n]*\|$/gm

/** The names of the figures that a page shows. */
export const figuresIn = (page: string): readonly string[] =>
  [...page.matchAll(CELL)].map(([, name = '']) => name)

/** The names of the figures that a page shows, or says to stand beside it in `docs/guarantees.json`. */
export const namesOn = (page: string): readonly string[] => [
  ...figuresIn(page),
  ...[...page.matchAll(/`([a-z-]+)` in `docs\/guarantees\.json`/g)].map(([, name = '']) => name),
]

/** The tests that prove a figure, as the rows of a page name them; of a figure of the largest size, those of its other size. */
function testsOf(page: string, name: string): readonly string[] {
  const names = [name, name.replace(/-largest$/, '')]
  const rows = page.split('\n').filter((row) => names.some((each) => row.includes(`\`${each}\``)))
  return rows.flatMap((row) => [...row.matchAll(/`(test\/[\w/.-]+)`/g)].map(([, path = '']) => path))
}

/**
 * Whether a figure is proven: every test that its row names passed. A figure of which no row tells whose it is counts as
 * proven only where nothing failed. `failed` are paths from the project's folder.
 */
export function isProven(page: string, name: string, failed: ReadonlySet<string>): boolean {
  const tests = testsOf(page, name)
  return tests.length === 0 ? failed.size === 0 : !tests.some((path) => failed.has(path))
}

/** A page with the figures as they are now; a cell whose proof was never run in full stays. */
export const withFigures = (page: string, figures: Figures): string =>
  page.replace(CELL, (cell, name: string) => {
    const counts = figures[name]
    return counts === undefined ? cell : `| \`${name}\`: ${figureText(counts)} |`
  })
