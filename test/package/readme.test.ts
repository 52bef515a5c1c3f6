import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { COMMANDS } from '../../lib/cli/commands.ts'
import { ENTITIES, VIEWS } from '../../lib/entities/index.ts'
import { relationsOf } from '../../lib/tables/relation.ts'
import { ROOT } from './sources.ts'

const readme = readFileSync(join(ROOT, 'README.md'), 'utf8')
const tables = relationsOf(ENTITIES, VIEWS)
  .map(({ name }) => name)
  .filter((name) => !/_(history|snapshots|changes|at)$/.test(name))
const links = [...readme.matchAll(/\]\(([^)#]+)\)/g)].map(([, target = '']) => target)

describe('README.md', () => {
  test('begins with the two commands', () => {
    const screen = readme.split('\n').slice(0, 10).join('\n')
    expect(screen).toMatch(/^npm start\b/m)
    expect(screen).toMatch(/^npm test\b/m)
  })

  test.each(COMMANDS.map(({ name }) => name))('tells of the command %s', (name) => {
    expect(readme).toMatch(new RegExp(`\`${name}[ \`]`))
  })

  test.each(tables)('tells of the table %s', (name) => {
    expect(readme).toContain(`\`${name}\``)
  })

  test.each(links)('links to %s, which is there', (target) => {
    expect(existsSync(join(ROOT, target))).toBe(true)
  })
})
