import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'

const ROOT = resolve(import.meta.dirname, '../..')
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')
const below = (folder: string, ending: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith(ending))
    .map((path) => `${folder}/${path}`)

const PAGES = [
  ...below('docs', '.md'),
  'CONTRIBUTING.md',
  'SECURITY.md',
  'GUARANTEES.md',
  'CHANGELOG.md',
  'README.md',
]
const links = PAGES.filter((page) => existsSync(join(ROOT, page))).flatMap((page) =>
  [...read(page).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
    .map(([, target = '']) => ({ page, target }))
    .filter(({ target }) => !target.includes('://')),
)

describe('links', () => {
  test('there are some', () => expect(links.length).toBeGreaterThan(20))

  test.each(links)('$page → $target', ({ page, target }) => {
    expect(existsSync(join(ROOT, dirname(page), target))).toBe(true)
  })
})

describe('GUARANTEES.md', () => {
  const named = [...new Set(read('GUARANTEES.md').match(/test\/[\w/-]+\.test\.ts/g))]

  test.each(named)('%s is there', (path) => expect(existsSync(join(ROOT, path))).toBe(true))

  test('every promise names a test', () => {
    const rows = read('GUARANTEES.md')
      .split('\n')
      .filter((line) => line.startsWith('| ') && !line.startsWith('| promise'))
    expect(rows.length).toBeGreaterThan(20)
    expect(rows.filter((line) => !/\| `test\/[\w/-]+\.test\.ts`/.test(line))).toEqual([])
  })
})

describe('decisions', () => {
  const files = readdirSync(join(ROOT, 'docs/adr')).filter((file) => /^\d{4}-/.test(file))

  test.each(files)('%s has the four parts, and stands in the index', (file) => {
    const text = read(`docs/adr/${file}`)
    expect(text).toMatch(new RegExp(`^# ${file.slice(0, 4)} `))
    expect(text.match(/^## .*$/gm)).toEqual(['## Context', '## Options', '## Decision', '## Consequences'])
    expect(read('docs/adr/README.md')).toContain(`(${file})`)
  })

  test('are numbered without a gap', () => {
    expect(files.map((file) => Number(file.slice(0, 4)))).toEqual(files.map((_, i) => i + 1))
  })
})

describe('docs/dependencies.md', () => {
  const [, toRun = '', toDevelop = ''] = read('docs/dependencies.md').split(/^## .*$/m)
  const listed = (text: string) =>
    Object.fromEntries(
      [...text.matchAll(/^\| `([^`]+)` \| (\S+) \| \S/gm)].map(([, name = '', version = '']) => [
        name,
        version,
      ]),
    )
  // A file of our own, written by npm: its shape is npm's.
  const manifest = JSON.parse(read('package.json')) as Record<
    'dependencies' | 'devDependencies',
    Record<string, string>
  >

  test('lists what is needed to run, in its version', () =>
    expect(listed(toRun)).toEqual(manifest.dependencies))
  test('lists what is needed to develop, in its version', () =>
    expect(listed(toDevelop)).toEqual(manifest.devDependencies))
})

test('docs/architecture.md has a line for every room', () => {
  const rooms = readdirSync(join(ROOT, 'lib'))
  const page = read('docs/architecture.md')
  expect(rooms.filter((room) => !page.includes(`| \`${room}\` |`))).toEqual([])
})

test('docs/benchmarks.md has markers for every benchmark', () => {
  const names = below('bench', '.ts').flatMap(
    (path) => /await benchmark\('(\w+)'/.exec(read(path))?.[1] ?? [],
  )
  expect(names.length).toBeGreaterThan(3)
  const page = read('docs/benchmarks.md')
  expect(names.filter((name) => !page.includes(`<!-- bench:${name} -->`))).toEqual([])
  expect(names.filter((name) => !read('bench/run.ts').includes(`'${name}'`))).toEqual([])
})
