import { AlmanacError } from '../core/errors.ts'
import { oneLine } from '../core/redact.ts'
import { type Path, pathText } from './words.ts'

const MOST_TOLD = 20

/** Something wrong in the file: where, from its first character, and what. */
export interface Mistake {
  readonly offset: number
  readonly path: Path
  /** Goes on after the path: `is missing; …`, `"x" is no …`. */
  readonly message: string
}

/** `line:column`, both from 1; a column is a UTF-16 unit, as editors count. */
export function positionText(text: string, offset: number): string {
  const lines = text.slice(0, offset).split(/\r\n|\r|\n/)
  return `${lines.length}:${(lines.at(-1)?.length ?? 0) + 1}`
}

/** One mistake for each place: the first that was found there. In the order of the file. */
function sorted(mistakes: readonly Mistake[]): readonly Mistake[] {
  const first = new Map<string, Mistake>()
  for (const mistake of mistakes) {
    const place = JSON.stringify([mistake.path.length === 0 ? mistake.offset : 0, mistake.path])
    if (!first.has(place)) first.set(place, mistake)
  }
  return [...first.values()].sort((a, b) => a.offset - b.offset)
}

/** All mistakes of a file as one error, one a line, the first twenty of them. */
export function mistakesError(path: string, text: string, mistakes: readonly Mistake[]): AlmanacError {
  const all = sorted(mistakes)
  const file = oneLine(path, 200)
  const lines = all.slice(0, MOST_TOLD).map((each) => {
    const place = [`${file}:${positionText(text, each.offset)}`, pathText(each.path)].filter(
      (part) => part !== '',
    )
    return `${place.join(' ')}${each.path.length === 0 ? ' ' : ': '}${each.message}`
  })
  const more = all.length - lines.length
  if (more > 0) lines.push(`… and ${more} more`)
  return new AlmanacError('bad-configuration', lines.join('\n'), {
    next: `Correct ${all.length === 1 ? 'that' : 'those'} in ${file}, then run the command again.`,
    details: { file, mistakes: all.length },
  })
}
