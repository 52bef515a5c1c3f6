import { type Options, textOption } from './command.ts'

const PLAIN = /^[A-Za-z0-9_./:@%+=,-]+$/

/** A text as a shell takes it: quoted where it must be. */
export const shellWord = (text: string): string =>
  PLAIN.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`

/** The options that lead a next command to the same configuration and warehouse. */
export function sameWarehouse(options: Options): string {
  const given = (name: string): string => {
    const value = textOption(options, name)
    return value === undefined ? '' : ` --${name} ${shellWord(value)}`
  }
  return given('config') + given('warehouse')
}

/** The command that commits a held candidate, complete enough to paste. */
export const acceptCommand = (
  options: Options,
  { entity, site, candidate }: { readonly entity: string; readonly site: string; readonly candidate: string },
): string =>
  `almanac accept ${entity} --sha ${candidate.slice(0, 12)} --site ${site}${sameWarehouse(options)}`
