import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { SiteConfiguration } from '../../lib/config/configuration.ts'
import { SITE_VARIABLES, siteFromEnvironment } from '../../lib/config/environment.ts'
import { parseConfiguration } from '../../lib/config/parse.ts'
import { seesAll } from '../../lib/core/role.ts'
import { ENTITIES } from '../../lib/entities/index.ts'
import { scopesFor } from '../../lib/tableau/scopes.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const page = await readFile(join(ROOT, 'docs/sign-in.md'), 'utf8')
const names = ENTITIES.map(({ name }) => name)
const cwd = '/etc/almanac'

/** The parts of the page by their heading. */
const sections = new Map(
  page
    .split(/^## /m)
    .slice(1)
    .map((text) => [text.slice(0, text.indexOf('\n')), text] as const),
)
const sectionOf = (heading: string): string => sections.get(heading) ?? ''
const blocks = (text: string, language: string): readonly string[] =>
  [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].flatMap(([, found, body = '']) =>
    found === language ? [body] : [],
  )
const exportsOf = (text: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...text.matchAll(/^export (\w+)=(\S+)$/gm)].map(([, name = '', value = '']) => [name, value]),
  )
const cells = (line: string): readonly string[] =>
  line
    .slice(1, -1)
    .split('|')
    .map((cell) => cell.trim())
const rowsOf = (text: string): readonly (readonly string[])[] =>
  text
    .split('\n')
    .filter((line) => /^\|.*\|$/.test(line) && !/^\|[-|]+\|$/.test(line))
    .map(cells)
    .slice(1)

const WAYS = [
  ['pat', 'Personal access token'],
  ['connected-app', 'Connected app'],
  ['uat', 'Unified access token'],
  ['password', 'User and password'],
] as const

const configured = (text: string): SiteConfiguration | undefined =>
  parseConfiguration({ path: 'almanac.config.json', text, entities: names, cwd }).sites[0]

describe.each(WAYS)('the way %s', (kind, heading) => {
  const section = sectionOf(heading)
  const [json = ''] = blocks(section, 'json')
  const variables = exportsOf(blocks(section, 'sh').join(''))
  const byFile = configured(json)
  const byEnvironment = siteFromEnvironment(variables, { cwd, entities: names })

  test('has a configuration that is read as it', () => expect(byFile?.signIn.kind).toBe(kind))

  test('has variables that mean the same', () => {
    expect(byEnvironment?.signIn).toEqual(byFile?.signIn)
    expect(byEnvironment?.server).toBe(byFile?.server)
    expect(byEnvironment?.contentUrl).toBe(byFile?.contentUrl)
  })

  test('exports nothing that Almanac does not read', () =>
    expect(Object.keys(variables).filter((name) => !SITE_VARIABLES.includes(name))).toEqual([]))

  test('says what to make in Tableau, and what can go wrong', () => {
    expect(section).toContain('**In Tableau:**')
    expect(section).toContain('**What can go wrong**')
  })

  test('stands in the table of ways', () => {
    const anchor = `[${heading.toLowerCase()}](#${heading.toLowerCase().replaceAll(' ', '-')})`
    expect(rowsOf(page.slice(0, page.indexOf('\n## '))).map(([first]) => first)).toContain(anchor)
  })
})

test('the page shows or names every variable of a sign-in', () =>
  expect(SITE_VARIABLES.filter((name) => !page.includes(name))).toEqual([]))

describe('the table of roles', () => {
  const section = sectionOf('What the user must be')
  const GETS = { forbidden: 'a refusal', narrowed: 'a part' } as const

  test('is what the entities declare, in their order', () =>
    expect(rowsOf(section)).toEqual(
      ENTITIES.map(({ name, role, belowRole, scope }) => [
        `\`${name}\``,
        role,
        GETS[belowRole],
        `\`${scope}\``,
      ]),
    ))

  test('names every scope that is asked for', () =>
    expect(scopesFor(ENTITIES).filter((scope) => !section.includes(`\`${scope}\``))).toEqual([]))

  test('the scope that is always asked for is the one of no entities at all', () =>
    expect([...section.matchAll(/`(\S+)` is always asked for/g)].map(([, scope]) => scope)).toEqual(
      scopesFor([]),
    ))

  test('the role of the first step sees every entity, and the roles named as enough do too', () => {
    const [, first = ''] = /site role \*\*([A-Za-z ]+)\*\*/.exec(page) ?? []
    const [, others = ''] = /includes the least one does as well: (.*)\.\s`tableau/.exec(section) ?? []
    const enough = [first.replaceAll(' ', ''), ...others.matchAll(/S(?:ite|erver)Administrator\w*/g)].map(
      String,
    )
    expect(enough).toHaveLength(4)
    for (const { name, role } of ENTITIES)
      expect(
        enough.filter((each) => !seesAll(each, role)),
        name,
      ).toEqual([])
  })
})

test('no example holds a secret', () => {
  const values = blocks(page, 'sh').map(exportsOf)
  const secrets = values.flatMap((each) =>
    Object.entries(each).filter(([name]) => /SECRET$|SECRET_VALUE$|PASSWORD$|PRIVATE_KEY$/.test(name)),
  )
  expect(secrets).toHaveLength(3)
  for (const [name, value] of secrets) expect(value, name).toBe('…')
})

test('every link into the page leads to a heading', () => {
  const anchors = [...page.matchAll(/^#+ (.+)$/gm)].map(([, text = '']) =>
    text
      .toLowerCase()
      .replace(/[^\w -]/g, '')
      .replaceAll(' ', '-'),
  )
  const links = [...page.matchAll(/\]\(#([^)]+)\)/g)].map(([, target = '']) => target)
  expect(links.length).toBeGreaterThan(5)
  expect(links.filter((target) => !anchors.includes(target))).toEqual([])
})
