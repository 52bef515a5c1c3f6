const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

/** East Asian wide and fullwidth characters (UAX 11), as terminals draw them: two cells. */
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]/u
const EMOJI = /\p{Emoji_Presentation}|\ufe0f|\p{Regional_Indicator}/u
const ZERO = /^(\p{Mark}|\p{Cf})+$/u
const ASCII = /^[\x20-\x7e]*$/

const cells = (grapheme: string): number => {
  if (ZERO.test(grapheme)) return 0
  return WIDE.test(grapheme) || EMOJI.test(grapheme) ? 2 : 1
}

/** How many cells of a terminal a text takes. */
export function widthOf(text: string): number {
  if (ASCII.test(text)) return text.length
  let width = 0
  for (const { segment } of graphemes.segment(text)) width += cells(segment)
  return width
}

/** The text in at most so many cells, with an ellipsis where it was cut. */
export function fitted(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  let [kept, used] = ['', 0]
  for (const { segment } of graphemes.segment(text)) {
    if (used + cells(segment) > width - 1) break
    kept += segment
    used += cells(segment)
  }
  return `${kept}…`
}

/** Characters that would move the cursor, change colours or turn the direction of writing. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not reach the terminal
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

/** A text on one line that does nothing to a terminal but show: names come from a site, and may hold anything. */
export const shown = (text: string): string =>
  text.replace(UNSAFE, (character) => {
    const named = JSON.stringify(character).slice(1, -1)
    return named === character ? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}` : named
  })
