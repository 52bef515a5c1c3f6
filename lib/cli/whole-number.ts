import { AlmanacError } from '../core/errors.ts'
import { type Options, textOption } from './command.ts'

/**
 * The whole number given for an option, by its name in camel case and as people write it; undefined when it was not given.
 * Throws `usage` for what is none from 0 to `most`, which has nine digits at most.
 */
export function wholeNumber(options: Options, name: string, flag: string, most: number): number | undefined {
  const text = textOption(options, name)
  if (text === undefined) return undefined
  const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
  if (number <= most) return number
  throw new AlmanacError('usage', `${flag} is "${text}"; it takes a whole number from 0 to ${most}`)
}
