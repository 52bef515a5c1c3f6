import { Argument, Command as Commander, InvalidArgumentError, Option } from 'commander'
import type { Call, Command, OptionSpec } from './command.ts'
import { evenUnread, type Io } from './io.ts'
import { isSecret } from './pasted.ts'

/** Set when the command line is built to one file; the sources themselves have no version. */
const VERSION = process.env['ALMANAC_VERSION'] ?? 'from source'

const SUMMARY = 'The memory of a Tableau site: nightly snapshots proven complete, asked in SQL.'

const CONFIGURATION = `
Sites are configured by almanac.config.json, which "almanac init" writes; one site also by TABLEAU_SERVER_URL,
TABLEAU_SITE_ID (absent for the default site), TABLEAU_PAT_NAME and TABLEAU_PAT_SECRET.

Exit codes: 0 done · 1 failed · 2 usage · 3 incomplete, guarded or forbidden data · 130 interrupted`

/**
 * Of an option that is given twice, commander keeps the last one, which may be a slip. Choices are checked as before. No
 * option takes a secret, and what some take is kept: a reason, the name of a folder.
 */
function onceOnly(option: Option, io: Io): (value: string, before: unknown) => string {
  const { argChoices, defaultValue } = option
  return (value, before) => {
    if (option.required && isSecret(value, io))
      throw new InvalidArgumentError('It looks like a secret; name the place where the secret is kept.')
    if (argChoices?.includes(value) === false)
      throw new InvalidArgumentError(`Allowed choices are ${argChoices.join(', ')}.`)
    if (before !== undefined && before !== defaultValue) throw new InvalidArgumentError('It is given twice.')
    return value
  }
}

function optionOf({ flags, doc, byDefault, choices }: OptionSpec, io: Io): Option {
  const option = new Option(flags, doc)
  if (byDefault !== undefined) option.default(byDefault)
  if (choices !== undefined) option.choices([...choices])
  return option.argParser(onceOnly(option, io))
}

/** Commander hands over the arguments one by one (a repeated one as a list), then the options. */
function callOf(given: readonly unknown[], arity: number, io: Io): Call {
  const args = given
    .slice(0, arity)
    .flat()
    .filter((value) => typeof value === 'string')
  const options = given[arity]
  return { args, options: typeof options === 'object' && options !== null ? { ...options } : {}, io }
}

function add(program: Commander, command: Command, io: Io, done: (exit: number) => void): void {
  const sub = program.command(command.name).description(command.doc)
  for (const { name, doc } of command.args) sub.addArgument(new Argument(name, doc))
  for (const option of command.options) sub.addOption(optionOf(option, io))
  if (command.examples.length > 0)
    sub.addHelpText('after', `\nExamples:\n${command.examples.map((line) => `  ${line}`).join('\n')}`)
  sub.action(async (...given: unknown[]) => {
    const heard = command.judges === true ? { ...io, out: evenUnread(io.out) } : io
    done(await command.run(callOf(given, command.args.length, heard)))
  })
}

/**
 * The parser over these commands. It writes help to `out` and throws commander's own errors for everything else;
 * `done` takes the exit code of the command that ran.
 */
export function programOf(commands: readonly Command[], io: Io, done: (exit: number) => void): Commander {
  const program = new Commander('almanac')
    .description(SUMMARY)
    .version(VERSION)
    .addHelpText('after', CONFIGURATION)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void io.out.write(text),
      // Usage errors are told by main, in the form of all errors.
      writeErr: () => undefined,
      getOutHelpWidth: () => io.outColumns ?? 100,
      getOutHasColors: () => false,
    })
  for (const command of commands) add(program, command, io, done)
  return program
}
