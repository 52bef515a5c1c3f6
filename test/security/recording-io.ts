import { Writable } from 'node:stream'
import type { Io } from '../../lib/cli/io.ts'

/** The world around a command, with what it wrote to `err`; `columns` makes that a terminal, without colours. */
export function recordingIo(columns: number | undefined): { readonly io: Io; err(): string } {
  const pieces: string[] = []
  const stream = new Writable({
    write: (chunk, _encoding, done) => {
      pieces.push(String(chunk))
      done()
    },
  })
  const io: Io = {
    out: stream,
    err: stream,
    env: { NO_COLOR: '1' },
    outColumns: columns,
    errColumns: columns,
    onInterrupt: () => () => undefined,
    exit: () => undefined,
  }
  return { io, err: () => pieces.join('') }
}
