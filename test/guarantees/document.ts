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

/** A page with the figures as they are now; a cell whose proof was never run in full stays. */
export const withFigures = (page: string, figures: Figures): string =>
  page.replace(CELL, (cell, name: string) => {
    const counts = figures[name]
    return counts === undefined ? cell : `| \`${name}\`: ${figureText(counts)} |`
  })
