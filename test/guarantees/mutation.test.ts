import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import config from './mutation.config.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')
// A file of our own.
const stryker = JSON.parse(read('stryker.config.json')) as {
  mutate: readonly string[]
  thresholds: { high: number }
}

/** The rows of the page's tables that begin with a file, cell by cell. */
const rows = read('docs/mutation.md')
  .split('\n')
  .filter((line) => line.startsWith('| `lib/'))
  .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll('\\|', '|')))
const named = (cell = ''): string => cell.replaceAll('`', '')

test('every file that is changed has its score on the page, and reaches the threshold', () => {
  const scores = rows.flatMap(([, file, , , score]) => {
    const percent = /^(\d+) %$/.exec(score ?? '')?.[1]
    return percent === undefined ? [] : [[named(file), Number(percent)] as const]
  })
  expect(scores.map(([file]) => file).sort()).toEqual([...stryker.mutate].sort())
  expect(scores.filter(([, percent]) => percent < stryker.thresholds.high)).toEqual([])
})

test('every change that the page explains is one of a text that stands in its file', () => {
  const explained = rows.filter(([, , from]) => from?.startsWith('`'))
  expect(explained.length).toBeGreaterThan(0)
  const lost = explained.filter(([, file, from]) => !read(named(file)).includes(named(from)))
  expect(lost).toEqual([])
})

test('the tests that are run for a change are there', () => {
  const tests = config.test?.include ?? []
  expect(tests.length).toBeGreaterThan(0)
  expect(tests.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
})
