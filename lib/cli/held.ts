import { acceptCommand, type HeldName, optionWords } from '../core/shell.ts'
import type { Refusal } from '../load/judge.ts'
import { type Options, textOption } from './command.ts'

/** The options that lead a next command to the same configuration and warehouse, by name. */
const whereOf = (options: Options): Readonly<Record<string, string | undefined>> => ({
  config: textOption(options, 'config'),
  warehouse: textOption(options, 'warehouse'),
})

/** The options that lead a next command to the same configuration and warehouse, as they are pasted behind it. */
export const sameWarehouse = (options: Options): string => optionWords(whereOf(options))

/** The command that commits a held candidate where this command looked. */
export const acceptHere = (options: Options, held: HeldName): string => acceptCommand(held, whereOf(options))

/** By which later day a held one is refuted, as words behind what it is; nothing when it still asks for somebody. */
export const refutedText = ({ refutedBy }: Pick<Refusal, 'refutedBy'>): string =>
  refutedBy === null ? '' : `, refuted by ${refutedBy}`
