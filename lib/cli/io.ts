import { Writable } from 'node:stream'
import { AlmanacError } from '../core/errors.ts'

/** The world around the command line: what a test replaces. */
export interface Io {
  /** Takes answers and nothing else. */
  readonly out: Writable
  /** Takes everything else: progress, logs, warnings, errors. */
  readonly err: Writable
  readonly env: Readonly<Record<string, string | undefined>>
  /** Width of the terminal that `out` is; undefined when it is none. */
  readonly outColumns: number | undefined
  /** Width of the terminal that `err` is; undefined when it is none. */
  readonly errColumns: number | undefined
  /** Calls back at each SIGINT or SIGTERM, until what is returned is called. */
  onInterrupt(react: () => void): () => void
  /** Ends the process at once. */
  exit(code: number): void
}

const columnsOf = (stream: NodeJS.WriteStream): number | undefined =>
  stream.isTTY ? stream.columns || 80 : undefined

/** The process's own streams, environment and signals. */
export function processIo(): Io {
  const { stdout, stderr, env } = process
  return {
    out: stdout,
    err: stderr,
    env,
    outColumns: columnsOf(stdout),
    errColumns: columnsOf(stderr),
    onInterrupt: (react) => {
      process.on('SIGINT', react)
      process.on('SIGTERM', react)
      return () => {
        process.off('SIGINT', react)
        process.off('SIGTERM', react)
      }
    },
    exit: (code) => process.exit(code),
  }
}

/** A full disk behind an output is no defect of ours. That nobody reads any more is told by the error itself. */
function unwritable(error: Error): Error {
  if (isClosedPipe(error)) return error
  return new AlmanacError('store-failed', `the output cannot be written: ${error.message}`, {
    cause: error,
    next: 'Let the place that the output goes to be written to, with free space.',
  })
}

/** Writes a text and waits until the stream took it. Rejects when the other end is closed (`head` has enough). */
export const write = (stream: Writable, text: string): Promise<void> =>
  new Promise((resolve, reject) => {
    if (text === '') resolve()
    else stream.write(text, (error) => (error ? reject(unwritable(error)) : resolve()))
  })

/** Whether a thrown value says that the reader of our output has gone. */
export const isClosedPipe = (thrown: unknown): boolean =>
  thrown instanceof Error &&
  'code' in thrown &&
  ['EPIPE', 'ERR_STREAM_DESTROYED', 'ERR_STREAM_WRITE_AFTER_END'].includes(String(thrown.code))

/** Writes a text that is no answer: that nobody reads it any more ends nothing. Rejects when it cannot be written otherwise. */
export const tellAside = (stream: Writable, text: string): Promise<void> =>
  write(stream, text).catch((thrown: unknown) => {
    if (!isClosedPipe(thrown)) throw thrown
  })

/**
 * A stream into this one that takes everything also when its reader has gone, for a command whose exit code counts whether
 * or not its answer is read. Every other error stays one.
 */
export function evenUnread(stream: Writable): Writable {
  const through = new Writable({
    write: (chunk, encoding, done) =>
      stream.write(chunk, encoding, (error) => done(isClosedPipe(error) ? null : error)),
  })
  // It shows in the writes, as it does in the stream itself.
  through.on('error', () => undefined)
  return through
}

/** Whether colours may be used on a terminal: https://no-color.org. */
export const mayColour = ({ env }: Io): boolean => (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb'
