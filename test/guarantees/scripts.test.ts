import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'

const ROOT = resolve(import.meta.dirname, '../..')
// A file of our own.
const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>
}

test('every file and folder of ours that a script names is there', () => {
  const named = Object.entries(scripts).flatMap(([name, command]) =>
    [...command.matchAll(/(?<![\w/.-])(?:bin|lib|test|bench)\/[\w/.-]+/g)].map(
      ([path]) => [name, path] as const,
    ),
  )
  expect(named.length).toBeGreaterThan(10)
  expect(named.filter(([, path]) => !existsSync(join(ROOT, path)))).toEqual([])
})
