import type { Writable } from 'node:stream'
import { fitted } from './width.ts'

/** Lines at the foot of a terminal that are drawn again and again. */
export interface LiveBlock {
  draw(lines: readonly string[]): void
  /** Writes a lasting line above the block. */
  above(line: string): void
  clear(): void
}

const CLEAR_BELOW = '\u001b[0J'
const PLAIN = '\u001b[0m'
const up = (lines: number): string => (lines === 0 ? '' : `\u001b[${lines}A`)

/** A line that is cut may lose the end of its colour. */
const cut = (line: string, columns: number): string => {
  const kept = fitted(line, columns)
  return kept === line ? line : `${kept}${PLAIN}`
}

/** A live block on a terminal of this width. Lines are cut, since a wrapped one would count as two. */
export function liveBlock(err: Writable, columns: number): LiveBlock {
  let drawn: readonly string[] = []
  const put = (lasting: string, lines: readonly string[]): void => {
    if (lasting === '' && lines.length === 0 && drawn.length === 0) return
    err.write(`${up(drawn.length)}\r${CLEAR_BELOW}${lasting}${lines.map((line) => `${line}\n`).join('')}`)
    drawn = lines
  }
  return {
    draw: (lines) =>
      put(
        '',
        lines.map((line) => cut(line, columns - 1)),
      ),
    above: (line) => put(`${line}\n`, drawn),
    clear: () => put('', []),
  }
}
