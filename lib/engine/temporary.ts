import { tmpdir } from 'node:os'
import { AlmanacError, saidBy } from '../core/errors.ts'

/** What is thrown when the system's temporary folder takes nothing: then no code and no statement is wrong. */
export const temporaryRefused = (cause: unknown): AlmanacError =>
  new AlmanacError('store-failed', `the temporary folder ${tmpdir()}: ${saidBy(cause)}`, {
    cause,
    next: 'See that the temporary folder may be written to and has free space, or name another in TMPDIR.',
  })

/** The work of the file system in the temporary folder. Throws `store-failed` where that takes none. */
export async function inTemporary<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (cause) {
    throw temporaryRefused(cause)
  }
}

/** Whether a statement failed because the engine could write no file: it writes below the temporary folder alone. */
export const isUnwritten = (said: string): boolean => said.startsWith('IO Error: Could not write')
