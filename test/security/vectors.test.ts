import { afterAll, beforeAll, expect, test } from 'vitest'
import { figure, limitFor } from '../guarantees/proof.ts'
import type { Attack } from './attack.ts'
import { csvFormulas } from './csv-formulas.ts'
import { FORMULAS, HARMLESS_TEXTS } from './formula-texts.ts'
import { type HostileSite, openHostileSite } from './hostile-site.ts'
import { logLines } from './log-lines.ts'
import { pathNames } from './path-names.ts'
import { sqlByNames, sqlNames } from './sql-by-names.ts'
import { userSql } from './user-sql.ts'

/** Every attack, by the name under which its vectors are counted, and how many it must have at least. */
const ATTACKS: readonly (readonly [string, number, (site: HostileSite) => Promise<Attack>])[] = [
  ['CSV formulas', 60, csvFormulas],
  ['SQL by names', 40, sqlByNames],
  ['user SQL', 60, userSql],
  ['path names', 50, pathNames],
  ['log lines', 30, logLines],
]

let site: HostileSite
const tried: Record<string, number> = {}
let through = 0

beforeAll(
  async () => {
    const harmless = HARMLESS_TEXTS.filter((text) => text.trim() !== '')
    site = await openHostileSite((outside) => [...FORMULAS, ...sqlNames(outside), ...harmless])
  },
  limitFor(10, 10),
)
afterAll(() => {
  figure('security-vectors', { ...tried, 'let through': through })
  return site.close()
})

test.each(ATTACKS)(
  '%s: of %i vectors and more, none gets through',
  async (name, least, run) => {
    const found = await run(site)
    tried[name] = found.tried
    through += found.through.length
    expect(found.through).toEqual([])
    expect(found.tried).toBeGreaterThanOrEqual(least)
  },
  limitFor(15, 15),
)
