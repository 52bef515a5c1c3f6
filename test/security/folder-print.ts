import { createHash } from 'node:crypto'
import { lstat, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Everything that stands below a folder, dot-files too: its path and the SHA-256 of its bytes, sorted. Links are not
 * followed.
 */
export async function folderPrint(folder: string): Promise<readonly string[]> {
  const lines = (await readdir(folder, { recursive: true })).map(async (path) => {
    if (!(await lstat(join(folder, path))).isFile()) return path
    const bytes = await readFile(join(folder, path))
    return `${path} ${createHash('sha256').update(bytes).digest('hex')}`
  })
  return (await Promise.all(lines)).sort()
}

/** What stands in one print and not in the other, each with what became of it. */
export const printChanges = (before: readonly string[], after: readonly string[]): readonly string[] => [
  ...after.filter((line) => !before.includes(line)).map((line) => `was written: ${line}`),
  ...before.filter((line) => !after.includes(line)).map((line) => `is gone: ${line}`),
]
