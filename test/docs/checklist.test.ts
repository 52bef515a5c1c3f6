import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'

const page = readFileSync('docs/checklist.md', 'utf8')
const rows = page
  .split('\n')
  .filter((line) => /^\| (?!line \|)\S/.test(line))
  .map((line) => {
    const [text = '', doctor = '', tests = ''] = line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim())
    const named = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)
    return { text, checks: named(doctor), tests: named(tests), rest: tests }
  })

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

  test.each(rows)('$text: what covers it is there', ({ checks, tests, rest }) => {
    expect([...checks, ...tests, ...(rest.startsWith('by hand') ? ['by hand'] : [])]).not.toEqual([])
    expect(checks.filter((name) => !DOCTOR.has(name))).toEqual([])
    const files = tests.filter((name) => !name.startsWith('npm run '))
    expect(files.filter((path) => !/^test\/.*\.test\.ts$/.test(path) || !existsSync(path))).toEqual([])
  })
})
