import { type Call, hasFlag } from './command.ts'
import { tellAside } from './io.ts'
import { shown } from './width.ts'

/** Tells something beside the answer, a line each, on `err`; nothing with --quiet. */
export async function note({ io, options }: Call, ...lines: readonly string[]): Promise<void> {
  if (!hasFlag(options, 'quiet')) await tellAside(io.err, lines.map((line) => `${shown(line)}\n`).join(''))
}
