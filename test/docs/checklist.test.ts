import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'

const page = readFileSync('docs/checklist.md', 'utf8')
const [covered = '', manual = ''] = page.split('## By hand')
const cellsIn = (part: string) =>
  part
    .split('\n')
    .filter((line) => /^\| (?!line \|)\S/.test(line))
    .map((line) => line.slice(1, -1).split('|'))
    .map((cells) => cells.map((cell) => cell.trim()))
const rows = cellsIn(covered).map(([text = '', doctor = '', tests = '']) => {
  const named = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)
  return { text, checks: named(doctor), tests: named(tests) }
})
const byHand = cellsIn(manual).map(([text = '', how = '']) => ({ text, how }))

/** Everything that the doctor’s sources say in quotes: names of checks are among it. */
const DOCTOR = new Set(
  readdirSync('lib/doctor').flatMap((file) =>
    [...readFileSync(`lib/doctor/${file}`, 'utf8').matchAll(/'([a-z-]+)'/g)].map(([, name]) => name),
  ),
)
/** What a checklist has at least, in words of its lines. */
const NEEDED = [
  'outside the repository',
  'no person’s',
  'least site role',
  'to its last page',
  'tried again',
  'in the log',
  'stays when the stack goes',
  'answers for it',
  'failed night is told',
  'Every change is kept',
]

describe('docs/checklist.md', () => {
  test.each(NEEDED)('has a line that says “%s”', (words) =>
    expect(rows.filter(({ text }) => text.includes(words))).toHaveLength(1),
  )

  test.each(rows)('$text: what covers it is there', ({ checks, tests }) => {
    expect([...checks, ...tests]).not.toEqual([])
    expect(checks.filter((name) => !DOCTOR.has(name))).toEqual([])
    expect(tests.filter((path) => !/^test\/.*\.test\.ts$/.test(path) || !existsSync(path))).toEqual([])
  })

  test('what is done by hand stands apart, each line with how it is done', () => {
    expect(byHand.length).toBeGreaterThan(0)
    expect(byHand.filter(({ how }) => how === '')).toEqual([])
    expect(covered).not.toMatch(/\| by hand/)
  })
})
