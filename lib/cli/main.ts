import { CommanderError } from 'commander'
import { AlmanacError, asAlmanacError } from '../core/errors.ts'
import { COMMANDS } from './commands.ts'
import { errorText } from './failure.ts'
import { type Io, isClosedPipe, write } from './io.ts'
import { hidePasted } from './pasted.ts'
import { programOf } from './program.ts'

/** What commander has against a call as our usage error; undefined when it merely showed help or the version. */
function usageError(thrown: CommanderError): AlmanacError | undefined {
  if (thrown.exitCode === 0) return undefined
  if (thrown.code === 'commander.help') {
    return new AlmanacError('usage', 'no command was given', {
      next: 'Run "almanac --help" to see the commands.',
    })
  }
  return new AlmanacError('usage', thrown.message.replace(/^error: /, '').replaceAll('\n', ' '))
}

async function failed(thrown: unknown, argv: readonly string[], io: Io): Promise<number> {
  if (isClosedPipe(thrown)) return 0
  const error = thrown instanceof CommanderError ? usageError(thrown) : asAlmanacError(thrown)
  if (error === undefined) return 0
  await write(io.err, errorText(error, { io, isDebug: argv.includes('--debug') })).catch(() => undefined)
  return error.exit
}

/**
 * Runs the command line: answers on `out`, everything else on `err`; the exit code is the outcome.
 * Never throws. `argv` is what follows the program's name.
 */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  // A closed pipe shows in the writes; without a listener it would end the process with a stack.
  io.out.on('error', () => undefined)
  io.err.on('error', () => undefined)
  hidePasted(argv, io)
  let exit = 0
  const program = programOf(COMMANDS, io, (code) => {
    exit = code
  })
  try {
    await program.parseAsync([...argv], { from: 'user' })
    return exit
  } catch (thrown) {
    return failed(thrown, argv, io)
  }
}
