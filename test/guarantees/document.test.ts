import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { type Figures, isProven, namesOn, withFigures } from './document.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const PAGE = readFileSync(join(ROOT, 'GUARANTEES.md'), 'utf8')
const FIGURES: Figures = JSON.parse(readFileSync(join(ROOT, 'docs/guarantees.json'), 'utf8'))

test('every test that the page names is there', () => {
  const tests = [...PAGE.matchAll(/`(test\/[\w/.-]+)`/g)].map(([, path = '']) => path)
  expect(tests.length).toBeGreaterThan(50)
  expect(tests.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
})

test('every promise has a test and a figure', () => {
  const rows = PAGE.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| promise'))
  const bad = rows.filter(
    (row) => !/^\| [^|]+ \| `test\/[^|]+ \| (?:in every run|`[a-z-]+`: [^|]+) \|$/.test(row),
  )
  expect(bad).toEqual([])
})

test('its figures are those that were last found, and none of these is left out', () => {
  expect(withFigures(PAGE, FIGURES)).toBe(PAGE)
  const shown = namesOn(PAGE)
  expect(Object.keys(FIGURES).filter((name) => !shown.includes(name))).toEqual([])
})

test('a figure is proven while the tests of its row pass', () => {
  const kills = new Set(['test/crash/kills.test.ts'])
  expect(['kills', 'kills-largest'].filter((name) => isProven(PAGE, name, kills))).toEqual([])
  expect(['corruption', 'secret-canary'].filter((name) => !isProven(PAGE, name, kills))).toEqual([])
  expect([kills, new Set<string>()].map((failed) => isProven(PAGE, 'of no row', failed))).toEqual([
    false,
    true,
  ])
})
