import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { main } from '../../lib/cli/main.ts'
import type { Finished } from './run.ts'

/** Runs the command line within this process, with streams of its own: for calls that end before they do anything. */
export async function inProcess(...argv: readonly string[]): Promise<Finished> {
  const [out, err] = [new PassThrough(), new PassThrough()]
  const texts = Promise.all([text(out), text(err)])
  const exit = await main(argv, {
    out,
    err,
    env: {},
    outColumns: undefined,
    errColumns: undefined,
    onInterrupt: () => () => undefined,
    exit: (code) => {
      throw new Error(`the command line ended the process with ${code}`)
    },
  })
  out.end()
  err.end()
  const [said, told] = await texts
  return { exit, out: said, err: told }
}
