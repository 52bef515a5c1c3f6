/** Texts in colour, or as they are. */
export interface Paint {
  bad(text: string): string
  good(text: string): string
  warn(text: string): string
  dim(text: string): string
  strong(text: string): string
}

const code = (on: number, off: number) => (text: string) => `\u001b[${on}m${text}\u001b[${off}m`
const asIs = (text: string): string => text

const COLOURS: Paint = {
  bad: code(31, 39),
  good: code(32, 39),
  warn: code(33, 39),
  dim: code(2, 22),
  strong: code(1, 22),
}
const PLAIN: Paint = { bad: asIs, good: asIs, warn: asIs, dim: asIs, strong: asIs }

/** Colours for a terminal that may have them, else none. */
export const paint = (isColoured: boolean): Paint => (isColoured ? COLOURS : PLAIN)
