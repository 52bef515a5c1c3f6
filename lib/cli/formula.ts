/** What a cell begins with that a spreadsheet runs as a formula, in every width that some spreadsheet takes. */
const SIGN = '[=+\\-@＝＋－＠﹢﹣﹦﹫−]'
/** What may stand before it: spreadsheets skip spaces and what nobody sees, and people take quotes away. */
const SKIPPED = `[\\s\\p{Cc}\\p{Cf}'"‘’“”]*`
/** A line of a list in a longer text, which calls nothing: it would need one of these marks. */
const LIST_ITEM = ' *- (?![^\\r\\n]*[(|!])'

/**
 * Where a cell begins that must be guarded: the text itself; what stands in it after a separator that a spreadsheet may
 * cut at, whatever the file's own is; and what is left of it where line breaks are taken for the end of the row.
 */
const BEGINNINGS = [
  `(?:^|(?<=[;\\t]))(?=${SKIPPED}${SIGN})`,
  `(?<=[\\r\\n])(?!${LIST_ITEM})(?=${SKIPPED}${SIGN})`,
  "^(?='*[\\t\\r\\n])",
].join('|')
const BEGINNING = new RegExp(BEGINNINGS, 'gu')

/** Such a text is a number to every reader, and nothing can be called with it. */
const NUMBER = /^[-+]?\d+(\.\d+)?(e[-+]?\d+)?$/i

/**
 * A text that no spreadsheet runs: an apostrophe stands before whatever could begin a formula. Taking away one apostrophe
 * at each of those places gives the text back, to the letter.
 */
export const guarded = (text: string): string => (NUMBER.test(text) ? text : text.replace(BEGINNING, "'"))
