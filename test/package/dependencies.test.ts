import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { DENIED, isDenied } from './deny-list.ts'
import { importsOf, packageOf, ROOT, type Source, sourcesBelow } from './sources.ts'

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}
interface Lock {
  readonly packages: Readonly<Record<string, { readonly version?: string; readonly name?: string }>>
}

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')
// Files of our own, written by npm: their shape is npm's.
const manifest = JSON.parse(read('package.json')) as Manifest
const lock = JSON.parse(read('package-lock.json')) as Lock

const direct = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })
const locked = Object.entries(lock.packages).flatMap(([path, { name, version }]) =>
  path === '' || version === undefined
    ? []
    : [{ name: name ?? path.replace(/^.*node_modules\//, ''), version }],
)

const packagesOf = (...folders: readonly string[]): readonly string[] => packagesIn(sourcesBelow(...folders))

const packagesIn = (sources: readonly Source[]): readonly string[] => {
  const targets = sources.flatMap((source) =>
    importsOf(source).filter(({ isOwn, isType }) => !isOwn && !isType),
  )
  const names = targets
    .filter(({ target }) => !target.startsWith('node:'))
    .map(({ target }) => packageOf(target))
  return [...new Set(names)].sort()
}

describe('direct dependencies', () => {
  test.each(direct)('%s is pinned exactly: %s', (_, version) => {
    expect(version).toMatch(/^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/)
  })

  test.each(direct)('%s %s has a line of reason in docs/dependencies.md', (name) => {
    const page = 'docs/dependencies.md'
    expect(existsSync(join(ROOT, page)), `${page} is missing`).toBe(true)
    const lines = read(page).split('\n')
    expect(lines.filter((line) => line.includes(`\`${name}\``))).not.toEqual([])
  })

  /** What is bundled and deployed by CDK, which only a whole install has. */
  const DEPLOYED = /^lib\/(?:lambda|stacks)\//

  test('what runs on one machine imports dependencies alone, no development ones', () => {
    const sources = sourcesBelow('lib').filter(({ path }) => !DEPLOYED.test(path))
    expect(packagesIn(sources).filter((name) => manifest.dependencies[name] === undefined)).toEqual([])
  })

  test('every dependency for running is imported somewhere', () => {
    // esbuild is what the build runs on: bin/build.mjs imports it.
    const used = packagesOf('lib', 'bin')
    expect(Object.keys(manifest.dependencies).filter((name) => !used.includes(name))).toEqual([])
  })
})

describe('package-lock.json', () => {
  test('has everything', () => expect(locked.length).toBeGreaterThan(50))

  test('holds nothing of the deny list', () => {
    expect(locked.filter(isDenied).map(({ name, version }) => `${name}@${version}`)).toEqual([])
  })

  test.each(DENIED.flatMap(({ name, bad }) => bad.map((version) => [name, version])))(
    '%s@%s would be found',
    (name, version) => expect(isDenied({ name, version })).toBe(true),
  )

  test.each(DENIED.flatMap(({ name, good }) => good.map((version) => [name, version])))(
    '%s@%s would pass',
    (name, version) => expect(isDenied({ name, version })).toBe(false),
  )
})
