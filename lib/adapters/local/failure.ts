import { AlmanacError } from '../../core/errors.ts'

/** Whether a thrown value is the operating system's error, of one of these codes when any are given (`ENOENT`, ...). */
export function isSystemError(thrown: unknown, ...codes: readonly string[]): thrown is NodeJS.ErrnoException {
  if (!(thrown instanceof Error) || !('code' in thrown) || typeof thrown.code !== 'string') return false
  return 'syscall' in thrown && (codes.length === 0 || codes.includes(thrown.code))
}

/** Does a task on the disk; the operating system's errors become `store-failed`, naming the warehouse and the key. */
export async function onDisk<T>(root: string, key: string, task: () => Promise<T>): Promise<T> {
  try {
    return await task()
  } catch (thrown) {
    if (!isSystemError(thrown)) throw thrown
    const details = { root, key, code: thrown.code ?? '' }
    throw new AlmanacError('store-failed', `warehouse ${root}, ${key}: ${thrown.message}`, {
      cause: thrown,
      details,
    })
  }
}

/** Does a task; undefined when one of these errors of the operating system says that there is nothing to do it with. */
export async function unless<T>(codes: readonly string[], task: Promise<T>): Promise<T | undefined> {
  try {
    return await task
  } catch (thrown) {
    if (isSystemError(thrown, ...codes)) return undefined
    throw thrown
  }
}
