import { AlmanacError } from '../core/errors.ts'
import type { Io } from './io.ts'

/** The formats of an answer. In `csv` no text is a formula to a spreadsheet; `csv-raw` has texts to the letter. */
export const FORMATS = ['table', 'json', 'csv', 'csv-raw'] as const

/** One of `FORMATS`. */
export type Format = (typeof FORMATS)[number]

/** The options of a call by their name in camel case, as they were parsed: texts, or true for a flag. */
export type Options = Readonly<Record<string, unknown>>

/** A call of a command. */
export interface Call {
  readonly args: readonly string[]
  readonly options: Options
  readonly io: Io
}

/** An option as help shows it: `--date <day>`, what it does, and the value when it is left out. */
export interface OptionSpec {
  readonly flags: string
  readonly doc: string
  readonly byDefault?: string
  readonly choices?: readonly string[]
}

/** A command as data. `run` answers the exit code; it loads what is heavy itself, so that help is quick. */
export interface Command {
  readonly name: string
  /** Arguments in the notation of help: `<entity>`, `[sql]`, `<file...>`. */
  readonly args: readonly { readonly name: string; readonly doc: string }[]
  readonly doc: string
  readonly options: readonly OptionSpec[]
  /** A call to copy, for help. */
  readonly examples: readonly string[]
  /** Set where the exit code is worth knowing without the answer: a reader that has enough of it (`head`) changes no code. */
  readonly judges?: true
  run(call: Call): Promise<number>
}

/** Which configuration. */
export const CONFIG: OptionSpec = {
  flags: '--config <file>',
  doc: 'configuration file (default: almanac.config.json where it is there, else the environment)',
}
/** Where the warehouse is. */
export const WAREHOUSE: OptionSpec = {
  flags: '--warehouse <place>',
  doc: 'folder of the warehouse, or s3://bucket/prefix (default: the configured one, else ./warehouse)',
}
/** Which site. */
export const SITE: OptionSpec = { flags: '--site <slug>', doc: 'site by its slug' }
/** How answers are written. */
export const OUTPUT: OptionSpec = {
  flags: '--output <format>',
  doc: 'how the answer is written: csv has an apostrophe before what a spreadsheet would run, csv-raw has none',
  byDefault: 'table',
  choices: FORMATS,
}
/** Only answers and errors. */
export const QUIET: OptionSpec = { flags: '--quiet', doc: 'no progress, logs or notes' }
/** The stack of a defect. */
export const DEBUG: OptionSpec = { flags: '--debug', doc: 'with a defect, show where it happened' }
/** Which entities. */
export const SELECT: OptionSpec = {
  flags: '--select <entities>',
  doc: 'entities, separated by commas (default: those that are switched on)',
}

/** What every command that looks at a warehouse takes. */
export const COMMON: readonly OptionSpec[] = [CONFIG, WAREHOUSE, SITE, OUTPUT, QUIET, DEBUG]

/** The text given for an option, or undefined. */
export function textOption(options: Options, name: string): string | undefined {
  const value = options[name]
  return typeof value === 'string' ? value : undefined
}

/** Whether a flag was given. */
export const hasFlag = (options: Options, name: string): boolean => options[name] === true

/** The format asked for. */
export const formatOf = (options: Options): Format =>
  FORMATS.find((format) => format === options['output']) ?? 'table'

/** The argument at a place; commander has made sure of required ones. */
export function argument({ args }: Call, index: number): string {
  const value = args[index]
  if (value === undefined) throw new AlmanacError('usage', `argument ${index + 1} is missing`)
  return value
}

/** The text of an option that the call cannot do without. Throws `usage` with the reason. */
export function requiredOption(options: Options, name: string, why: string): string {
  const value = textOption(options, name)
  if (value === undefined || value.trim() === '')
    throw new AlmanacError('usage', `--${name} is missing: ${why}`)
  return value
}
