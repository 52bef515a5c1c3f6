import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Whether this is `npm run guarantees`, which tries many more cases than the suite does. */
export const IS_FULL = process.env['ALMANAC_GUARANTEES'] === 'full'

/**
 * How many cases a proof tries: `suite` in the suite, `full` in `npm run guarantees`, or as many as the variable
 * `ALMANAC_CASES_<NAME>` says (the name in capitals, `_` for `-`).
 */
export function cases(name: string, { suite, full }: { suite: number; full: number }): number {
  const asked = process.env[`ALMANAC_CASES_${name.toUpperCase().replaceAll('-', '_')}`]
  return asked === undefined ? (IS_FULL ? full : suite) : Number(asked)
}

/** How long a proof of so many cases may take, in milliseconds: for a test's own limit, ten times what it is meant to take. */
export const limitFor = (expectedSuiteSeconds: number, expectedFullSeconds: number): number =>
  10_000 * (IS_FULL ? expectedFullSeconds : expectedSuiteSeconds)

/**
 * Keeps what a proof came to, under its name, for `GUARANTEES.md`: counts by what they count, in the order they are to
 * be read. Written only where `ALMANAC_FIGURES` names a folder.
 */
export function figure(name: string, counts: Readonly<Record<string, number>>): void {
  const folder = process.env['ALMANAC_FIGURES']
  if (folder === undefined) return
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(counts, null, 1)}\n`)
}
