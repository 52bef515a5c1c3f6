import { type Day, parseDay } from '../core/day.ts'
import type { Entity } from '../core/entity.ts'
import { AlmanacError } from '../core/errors.ts'
import { ENTITIES, entityNamed } from '../entities/index.ts'
import { type Options, textOption } from './command.ts'

/** The entities of --select, in the registry's order; all when it was not given. Throws `unknown-entity`. */
export function selectedEntities(options: Options): readonly Entity[] {
  const text = textOption(options, 'select')
  if (text === undefined) return ENTITIES
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  if (names.length === 0) throw new AlmanacError('usage', `--select "${text}" names no entity`)
  const wanted = new Set(names.map((name) => entityNamed(name).name))
  return ENTITIES.filter(({ name }) => wanted.has(name))
}

/** The day of --date, if given. Throws `bad-date`. */
export function dayOption(options: Options): Day | undefined {
  const text = textOption(options, 'date')
  return text === undefined ? undefined : parseDay(text)
}

/** The reason of --backdate; null when it was not given. Throws `usage` when it is empty. */
export function backdateOption(options: Options): string | null {
  const reason = textOption(options, 'backdate')
  if (reason === undefined) return null
  if (reason.trim() !== '') return reason
  throw new AlmanacError('usage', '--backdate needs a reason: it is kept with the day')
}
