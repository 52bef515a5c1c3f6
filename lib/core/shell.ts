const PLAIN = /^[A-Za-z0-9_./:@%+=,-]+$/

/** A text as a shell takes it: quoted where it must be. */
export const shellWord = (text: string): string =>
  PLAIN.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`

/** Options as they are pasted behind a command; those without a value are left out. */
export const optionWords = (options: Readonly<Record<string, string | undefined>>): string =>
  Object.entries(options)
    .map(([name, value]) => (value === undefined ? '' : ` --${name} ${shellWord(value)}`))
    .join('')

/** A held candidate: the SHA-256 of its bytes. */
export interface HeldName {
  readonly entity: string
  readonly site: string
  readonly candidate: string
}

/** The command that commits a held candidate, complete enough to paste; `where` are the options that lead it to the warehouse. */
export const acceptCommand = (
  { entity, site, candidate }: HeldName,
  where: Readonly<Record<string, string | undefined>>,
): string => `almanac accept ${entity} --sha ${candidate.slice(0, 12)} --site ${site}${optionWords(where)}`
