const HIDDEN = '[hidden]'
/** Tableau's tokens hold `|`, personal access tokens `:` and `=`. */
const TOKEN_LIKE = /[A-Za-z0-9+/_=|:%-]{16,}/g
/** A LUID names a thing and opens nothing; letters alone are a word (German ones get long). */
const HARMLESS = /^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[A-Za-z:-]+)$/i
const EXCERPT_LENGTH = 80

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must go
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g

/** A text on one line, without control characters, of at most `length` characters. */
export function oneLine(text: string, length: number): string {
  const plain = text.replace(CONTROL, ' ').replace(/ {2,}/g, ' ').trim()
  return plain.length > length ? `${plain.slice(0, length)}…` : plain
}

/** A text that a server sent made fit for a message: one line, nothing token-like in it, at most `length` characters. */
export function redacted(text: string, length = EXCERPT_LENGTH): string {
  return oneLine(
    text.replace(TOKEN_LIKE, (run) => (HARMLESS.test(run) ? run : HIDDEN)),
    length,
  )
}
