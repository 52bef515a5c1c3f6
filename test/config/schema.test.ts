import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { configurationPages, DEPLOYED, EXAMPLE, SMALLEST } from '../../bin/docs/configuration.ts'
import { fieldRows, type SchemaNode } from '../../bin/docs/fields.ts'
import { configurationSchema } from '../../lib/config/schema.ts'
import { ENTITIES as REGISTRY } from '../../lib/entities/index.ts'
import { TIMEOUTS } from '../../lib/tableau/transport.ts'
import {
  at,
  ENTITIES,
  environmentIn,
  KINDS,
  leastFile,
  linesOf,
  type Place,
  parse,
  placesIn,
  placesOf,
  print,
  put,
  wholeFile,
} from './sample.ts'
import { validates } from './validates.ts'

const schema: SchemaNode = configurationSchema(ENTITIES)
const files = KINDS.map((kind) => wholeFile(kind))
const isRight = (file: unknown): boolean => validates(schema, file, schema)

/** Every schema inside a schema, with where it stands. */
function nodesIn(value: unknown, place: Place = []): readonly { place: Place; node: SchemaNode }[] {
  return placesIn(value, place).flatMap((each) => {
    const node = at(value, each)
    return typeof node === 'object' && node !== null && 'type' in node
      ? [{ place: each, node: node as SchemaNode }]
      : []
  })
}

describe('the schema', () => {
  test('is of draft 7, which editors know', () => {
    expect(schema).toHaveProperty('$schema', 'http://json-schema.org/draft-07/schema#')
  })

  test('names the entities wherever they stand', () => {
    const site = schema.properties?.['sites']?.items
    for (const node of [schema, site])
      expect(Object.keys(node?.properties?.['entities']?.properties ?? {})).toEqual(ENTITIES)
    for (const name of ['acceptSurplus', 'acceptNarrowed'])
      expect(site?.properties?.[name]?.items?.enum).toEqual(ENTITIES)
  })

  test('closes every object', () => {
    const objects = nodesIn(schema).filter(({ node }) => node.type === 'object')
    expect(objects.length).toBeGreaterThan(10)
    const named = schema.properties?.['aws']
    for (const { node } of objects.filter((each) => each.node !== named))
      expect(node).toHaveProperty('additionalProperties', false)
    expect(named).toHaveProperty('propertyNames.pattern')
  })

  test('tells every field what it is, with an example or a reference', () => {
    const site = schema.properties?.['sites']?.items ?? {}
    const rows = [schema, site, environmentIn(schema), ...(site.properties?.['signIn']?.oneOf ?? [])].flatMap(
      (node) => fieldRows(node, () => true),
    )
    expect(rows.length).toBeGreaterThan(80)
    const hasParts: readonly unknown[] = ['`sites`', '`signIn`', '`aws`', '`network`']
    for (const [path, takes, , example, doc] of rows) {
      expect(takes, path).not.toBe('')
      expect(doc, path).not.toBe('')
      if (!hasParts.includes(path)) expect(example, path).not.toBe('')
    }
  })

  test('has the defaults that the parser fills in', () => {
    const site = parse(print(leastFile())).sites[0]
    const told = schema.properties?.['sites']?.items?.properties ?? {}
    for (const name of ['timeZone', 'concurrency', 'notify', 'acceptSurplus', 'acceptNarrowed'] as const)
      expect(told[name]?.default, name).toEqual(site?.[name])
    const timeouts = Object.entries(told['timeouts']?.properties ?? {}).map(([name, node]) => [
      name,
      node.default,
    ])
    expect(Object.fromEntries(timeouts)).toEqual(site?.timeouts)
    expect(site?.warehouse).toBe(resolve('/work', String(told['warehouse']?.default)))
  })

  test('has examples that it takes itself', () => {
    for (const { node } of nodesIn(schema))
      for (const example of node.examples ?? []) expect(validates(node, example, schema)).toBe(true)
  })
})

test('the timeouts are those of the client, in seconds', () => {
  const { timeouts } = parse(print(leastFile())).sites[0] ?? {}
  const { signOut: _, ...client } = TIMEOUTS
  expect(Object.entries(timeouts ?? {}).map(([name, seconds]) => [name, seconds * 1000])).toEqual(
    Object.entries(client),
  )
})

describe('schema and parser agree', () => {
  test.each([...files, leastFile()].map((file, i) => ({ file, i })))('on a right file ($i)', ({ file }) => {
    expect(isRight(file)).toBe(true)
    expect(parse(print(file)).sites).toHaveLength(1)
  })

  test('on the examples of the documentation', () => {
    const real: SchemaNode = configurationSchema(REGISTRY.map(({ name }) => name))
    for (const text of [SMALLEST, EXAMPLE, DEPLOYED])
      expect(validates(real, JSON.parse(text), real)).toBe(true)
  })

  const values: readonly unknown[] = [null, 7, 99999, ' x ', 'zzz', [], { zzz: 1 }]
  const places = KINDS.flatMap((kind) => placesOf(kind).map((place) => ({ file: wholeFile(kind), place })))

  test('that what the schema refuses is refused', () => {
    const changed = places.flatMap(({ file, place }) => values.map((value) => put(file, place, value)))
    const refused = changed.filter((file) => !isRight(file))
    expect(refused.length).toBeGreaterThan(500)
    for (const file of refused) expect(linesOf(file).length, print(file)).toBeGreaterThan(0)
  })

  test.each([
    ['an unknown property', put(files[0], ['zone'], 1)],
    ['two places of one secret', put(files[0], ['sites', 0, 'signIn', 'secret', 'file'], 'x')],
    ['a region without AWS', put(files[0], ['sites', 0, 'signIn', 'secret', 'region'], 'eu-central-1')],
    ['a proxy’s user alone', put(files[0], ['proxy', 'password'], undefined)],
    ['no server', put(files[0], ['sites', 0, 'server'], undefined)],
    ['a sign-in of two kinds', put(files[0], ['sites', 0, 'signIn', 'clientId'], 'x')],
    ['an entity there is not', put(files[0], ['entities', 'flows'], true)],
    ['an environment of no name', put(files.at(-1), ['aws'], { Prod: at(files.at(-1), ['aws', 'prod']) })],
    ['logs kept for ten days', put(files.at(-1), ['aws', 'prod', 'retention', 'logDays'], 10)],
    ['a night at 02:30', put(files.at(-1), ['aws', 'prod', 'at'], '02:30')],
    ['a secret instead of a reference', put(files[0], ['notify', 0, 'url'], 'https://example.com')],
  ])('that %s is refused', (_, file) => {
    expect(isRight(file)).toBe(false)
    expect(linesOf(file)).toHaveLength(1)
  })
})

describe('the generated files', () => {
  const pages = configurationPages(REGISTRY.map(({ name }) => name))

  test.each(pages.map(({ path, text }) => ({ path, text })))(
    '$path is what the declarations say',
    ({ path, text }) => {
      expect(readFileSync(resolve(import.meta.dirname, '../..', path), 'utf8')).toBe(text)
    },
  )

  test('the schema is the parser’s, laid out', () => {
    const page = pages.find(({ path }) => path.endsWith('.json'))
    expect(JSON.parse(page?.text ?? '')).toEqual(configurationSchema(REGISTRY.map(({ name }) => name)))
  })
})
