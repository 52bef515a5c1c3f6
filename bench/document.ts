/**
 * A document with new text between the markers of a name, `<!-- bench:site -->` and `<!-- /bench:site -->`.
 * Throws when it has no such pair.
 */
export function between(document: string, name: string, inside: string): string {
  const [open, close] = [`<!-- bench:${name} -->`, `<!-- /bench:${name} -->`]
  const [from, to] = [document.indexOf(open), document.indexOf(close)]
  if (from < 0 || to < from) throw new Error(`the document has no markers ${open} … ${close}`)
  return `${document.slice(0, from + open.length)}\n${inside}\n${document.slice(to)}`
}
