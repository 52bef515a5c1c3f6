import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const SIZE = process.env['ALMANAC_GUARANTEES']
const IS_LARGEST = SIZE === 'largest'

/** Whether this is `npm run guarantees`, which tries many more cases than the suite does. */
export const IS_FULL = SIZE === 'full' || IS_LARGEST

/** How many cases a proof tries in each size; `largest` only where it takes more time than all of the proofs together may. */
export interface Sizes {
  readonly suite: number
  readonly full: number
  readonly largest?: number
}

/**
 * How many cases a proof tries: `suite` in the suite, `full` in `npm run guarantees`, `largest` in
 * `npm run guarantees -- --largest`, or as many as the variable `ALMANAC_CASES_<NAME>` says (the name in capitals, `_` for
 * `-`).
 */
export function cases(name: string, { suite, full, largest = full }: Sizes): number {
  const asked = process.env[`ALMANAC_CASES_${name.toUpperCase().replaceAll('-', '_')}`]
  if (asked !== undefined) return Number(asked)
  return IS_LARGEST ? largest : IS_FULL ? full : suite
}

/** All of a list in full; in the suite one in so many: the first among them, or for another turn others. */
export const someOf = <Each>(all: readonly Each[], every: number, turn = 0): readonly Each[] =>
  all.filter((_, at) => IS_FULL || (at + turn) % every === 0)

/** How long a proof of so many cases may take, in milliseconds: for a test's own limit, ten times what it is meant to take. */
export const limitFor = (expectedSuiteSeconds: number, expectedFullSeconds: number): number =>
  10_000 * (IS_FULL ? expectedFullSeconds : expectedSuiteSeconds)

/**
 * Keeps what a proof came to, under its name, for `GUARANTEES.md`: counts by what they count, in the order they are to
 * be read. Written only where `ALMANAC_FIGURES` names a folder; under `<name>-largest` in the largest size.
 */
export function figure(name: string, counts: Readonly<Record<string, number>>): void {
  const folder = process.env['ALMANAC_FIGURES']
  if (folder === undefined) return
  mkdirSync(folder, { recursive: true })
  writeFileSync(
    join(folder, `${name}${IS_LARGEST ? '-largest' : ''}.json`),
    `${JSON.stringify(counts, null, 1)}\n`,
  )
}
