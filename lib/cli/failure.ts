import type { AlmanacError } from '../core/errors.ts'
import { type Io, mayColour } from './io.ts'
import { paint } from './paint.ts'
import { shown } from './width.ts'

/** An error as it is told: of which site where there are several (`of`), what happened, and on a second line what to do. A stack stands below defects alone, when asked for. */
export function errorText(
  error: AlmanacError,
  { io, isDebug, of }: { io: Io; isDebug: boolean; of?: string | undefined },
): string {
  const colour = paint(io.errColumns !== undefined && mayColour(io))
  const lines = [
    `${colour.bad('error')} ${error.code}: ${of === undefined ? '' : `${of}: `}${toldText(error)}`,
    `${colour.dim('next:')} ${oneLine(error.next)}`,
  ]
  if (error.code === 'internal' && isDebug) lines.push(stackOf(error))
  else if (error.code === 'internal') lines.push('Run it again with --debug to see where it happened.')
  return `${lines.join('\n')}\n`
}

/** The mistakes of a configuration stand one below the other; everything else is one line, whatever it repeats. */
const toldText = ({ message, details }: AlmanacError): string =>
  details['mistakes'] !== undefined && message.includes('\n')
    ? `\n${message.split('\n').map(shown).join('\n')}`
    : oneLine(message)

/** The engine points at a place in the statement with a line of its own, which means nothing on one line. */
const oneLine = (text: string): string =>
  shown(
    text
      .split('\n')
      .filter((line) => !/^\s*\^\s*$/.test(line))
      .map((line) => line.trim())
      .join(' '),
  )

const stackOf = (error: AlmanacError): string => {
  const { cause } = error
  const stack = (cause instanceof Error ? cause.stack : error.stack) ?? ''
  return stack.split('\n').map(shown).join('\n')
}
