import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A new folder on the disk, also where the temporary folder of tests is in memory: for what is about the disk itself. */
export const diskFolder = (name: string): Promise<string> =>
  mkdtemp(join(process.env['ALMANAC_TEST_DISK'] ?? tmpdir(), `almanac-${name}-`))
