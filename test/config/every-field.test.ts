import { describe, expect, test } from 'vitest'
import { fieldRows, type SchemaNode } from '../../bin/docs/fields.ts'
import { configurationSchema } from '../../lib/config/schema.ts'
import {
  at,
  ENTITIES,
  environmentIn,
  FILE,
  KINDS,
  linesOf,
  type Place,
  parse,
  pathOf,
  placesOf,
  positionOf,
  print,
  put,
  wholeFile,
} from './sample.ts'

const schema: SchemaNode = configurationSchema(ENTITIES)
const site = schema.properties?.['sites']?.items ?? {}
const environment = environmentIn(schema)

/** Every field of every kind, by a file that has it. */
const cases = KINDS.flatMap((kind) => {
  const file = wholeFile(kind)
  return placesOf(kind).map((place) => ({ kind, name: pathOf(place), place, file }))
})

const isText = (place: Place, file: unknown): boolean => typeof at(file, place) === 'string'

/** A value of a type that no field there takes. */
const otherType = (value: unknown): unknown => (typeof value === 'object' ? true : [])

/** The one line that is told, and no other. */
const only = (file: unknown): string => {
  const lines = linesOf(file)
  expect(lines).toHaveLength(1)
  return lines[0] ?? ''
}

describe('the samples', () => {
  test.each(KINDS)('the whole file with %s is right', (kind) => {
    expect(parse(print(wholeFile(kind))).sites).toHaveLength(1)
  })

  test('hold every field there is', () => {
    const plain = (text: string) => text.replaceAll('`', '').replaceAll('[]', '[0]')
    const all = (node: SchemaNode) => fieldRows(node, () => true).map(([path = '']) => plain(path))
    const told = new Set(cases.map(({ name }) => name))
    expect(all(schema).filter((path) => !told.has(path))).toEqual([])
    expect(all(site).filter((path) => !told.has(`sites[0].${path}`))).toEqual([])
    for (const way of site.properties?.['signIn']?.oneOf ?? [])
      expect(all(way).filter((path) => !told.has(`sites[0].signIn.${path}`))).toEqual([])
    expect(all(environment).filter((path) => !told.has(`aws.prod.${path}`))).toEqual([])
    for (const path of all(schema.definitions?.['SecretReference'] ?? {}))
      expect([...told].some((name) => name.endsWith(`.${path}`))).toBe(true)
  })
})

describe.each([
  ['a wrong type', otherType],
  ['null', () => null],
] as const)('%s', (_, wrong) => {
  test.each(cases)('for $name ($kind) is one line, at its place', ({ place, file, name }) => {
    const broken = put(file, place, wrong(at(file, place)))
    const line = only(broken)
    expect(line.startsWith(`${FILE}:${positionOf(broken, place)} ${name}: `)).toBe(true)
    expect(line).toMatch(/ is (no|none of) /)
  })
})

describe('an empty text', () => {
  const texts = cases.filter(({ place, file }) => isText(place, file))
  // Server’s default site has no content URL, and the schema is the editor’s own affair.
  const may = ['sites[0].site', '$schema']

  test.each(texts.filter(({ name }) => !may.includes(name)))(
    'for $name ($kind) is refused',
    ({ place, file, name }) => {
      expect(only(put(file, place, ''))).toContain(` ${name}: `)
    },
  )

  test.each(may)('is right for %s', (name) => {
    const found = texts.find((each) => each.name === name)
    expect(parse(print(put(found?.file, found?.place ?? [], ''))).sites).toHaveLength(1)
  })
})

describe('white space around a text', () => {
  // Addresses are trimmed, as everywhere.
  const texts = cases.filter(({ place, file, name }) => isText(place, file) && !/server|\$schema/.test(name))

  test.each(texts)('for $name ($kind) is refused', ({ place, file, name }) => {
    expect(only(put(file, place, ` ${at(file, place)}\n`))).toContain(` ${name}: `)
  })
})

describe('a misspelt name', () => {
  // A sign-in without a kind is told as that; what is called nearly like a secret may be one; environments are named freely.
  const others = /signIn\.kind$|secretId$|awsSecret$|^aws\.prod$/
  const properties = cases.filter(({ place, name }) => typeof place.at(-1) === 'string' && !others.test(name))

  test.each(properties)('$name ($kind) is told with the right one', ({ place, file }) => {
    const right = String(place.at(-1))
    const misspelt = `${right.slice(0, -1)}${right.at(-1)?.repeat(2)}`
    const around = place.slice(0, -1)
    const entries = Object.entries(Object(at(file, around)))
    const renamed = entries.map(([name, value]) => [name === right ? misspelt : name, value])
    const broken = put(file, around, Object.fromEntries(renamed))
    const line = linesOf(broken).find((each) => each.includes(` ${pathOf([...around, misspelt])}: `))
    expect(line).toMatch(/is no property here; the nearest is "/)
    expect(line).toContain(`"${right}"`)
  })
})

describe('what is required', () => {
  const below = (node: SchemaNode, around: Place) => (node.required ?? []).map((name) => [...around, name])
  const required = [
    { kind: 'pat', place: ['sites'] },
    { kind: 'pat', place: ['notify', 0, 'kind'] },
    { kind: 'pat', place: ['notify', 0, 'url'] },
    { kind: 'pat', place: ['proxy', 'url'] },
    { kind: 'pat', place: ['proxy', 'user'] },
    { kind: 'pat', place: ['proxy', 'password'] },
    ...below(site, ['sites', 0]).map((place) => ({ kind: 'pat', place })),
    ...['', 'network', 'alarms'].flatMap((name) => {
      const node = name === '' ? environment : environment.properties?.[name]
      const around = ['aws', 'prod', ...(name === '' ? [] : [name])]
      return below(node ?? {}, around).map((place) => ({ kind: 'aws', place }))
    }),
    ...(site.properties?.['signIn']?.oneOf ?? []).flatMap((way) =>
      below(way, ['sites', 0, 'signIn']).map((place) => ({
        kind: String(way.properties?.['kind']?.const),
        place,
      })),
    ),
  ].map((each) => ({ ...each, name: pathOf(each.place) }))

  test('is known', () => expect(required).toHaveLength(31))

  test.each(required)(
    '$name ($kind) is told when it is missing, where it should be',
    ({ kind, place, name }) => {
      const broken = put(wholeFile(kind), place, undefined)
      const line = only(broken)
      const around = place.slice(0, -1)
      const position = around.length === 0 ? '1:1' : positionOf(broken, around)
      expect(line).toContain(`${FILE}:${position} ${name}: is missing`)
    },
  )

  test('everything else may be left out', () => {
    const names = new Set(required.map((each) => each.name))
    const fields = cases.filter(({ place, name }) => typeof place.at(-1) === 'string' && !names.has(name))
    for (const { place, file, name } of fields) {
      if (/\.(env|file|awsSecret)$|(notify\[0\]|proxy)\./.test(name)) continue
      expect(parse(print(put(file, place, undefined))).sites, name).toHaveLength(1)
    }
  })
})
