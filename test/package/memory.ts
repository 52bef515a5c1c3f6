import { rmSync, statfsSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'

const MEMORY = '/dev/shm'
/** Generous: packages are installed there, and warehouses made by the hundred. */
const ENOUGH_BYTES = 4e9

function hasRoom(): boolean {
  try {
    const { bavail, bsize } = statfsSync(MEMORY)
    return bavail * bsize >= ENOUGH_BYTES
  } catch {
    return false
  }
}

/**
 * Tests make files by the ten thousand and sync each; where Linux has room for them in memory, they take a little less time.
 * Tests about the disk itself ask `diskFolder` for theirs.
 */
export async function setup({ config }: TestProject) {
  if (process.env['TMPDIR'] !== undefined || !hasRoom()) return
  const folder = await mkdtemp(join(MEMORY, 'almanac-tests-'))
  config.env = { ...config.env, TMPDIR: folder, ALMANAC_TEST_DISK: tmpdir() }
  return () => rmSync(folder, { recursive: true, force: true })
}
