import { describe, expect, test } from 'vitest'
import { FORBIDDEN_IN_PURE, ROOMS, type Room } from './rooms.ts'
import { codeOf, type Import, importsOf, packageOf, type Source, sourcesBelow } from './sources.ts'

const sources = sourcesBelow('lib')
const roomOf = (path: string): string => path.split('/')[1] ?? ''

/** Why a room may not import this; undefined when it may. */
function objection(room: string, rules: Room, { target, isOwn, isType }: Import): string | undefined {
  const { from, types = [], packages = [], node } = rules
  if (isOwn) {
    const other = target.startsWith('lib/') ? roomOf(target) : target
    const isAllowed = other === room || from.includes(other) || (isType && types.includes(other))
    return isAllowed ? undefined : `${room} may not import ${isType ? 'types of ' : ''}${other}`
  }
  if (target.startsWith('node:')) {
    return isType || node === 'any' || node.includes(target) ? undefined : `${room} may not import ${target}`
  }
  return packages.includes(packageOf(target)) ? undefined : `${room} may not import the package ${target}`
}

/** All objections to a source: its imports, and in a pure room what reaches around its arguments. */
function objectionsTo(source: Source): readonly string[] {
  const room = roomOf(source.path)
  const rules = ROOMS[room]
  if (rules === undefined) return [`${source.path}: "${room}" is no room`]
  const imports = importsOf(source).flatMap((each) => objection(room, rules, each) ?? [])
  const code = codeOf(source)
  const globals = FORBIDDEN_IN_PURE.filter(({ pattern }) => rules.isPure && pattern.test(code))
  return [...imports, ...globals.map(({ name }) => `${room} is pure and uses ${name}`)].map(
    (why) => `${source.path}: ${why}`,
  )
}

describe('the rooms of lib/', () => {
  test.each(Object.keys(ROOMS))('%s imports what it may, and nothing else', (room) => {
    const ofRoom = sources.filter(({ path }) => roomOf(path) === room)
    expect(ofRoom, 'a room without files has no line in the table').not.toEqual([])
    expect(ofRoom.flatMap(objectionsTo)).toEqual([])
  })

  test('every folder of lib/ is a room', () => {
    expect(sources.map(({ path }) => roomOf(path)).filter((room) => ROOMS[room] === undefined)).toEqual([])
  })

  test('bin/ starts the command line and does nothing itself', () => {
    const imports = sourcesBelow('bin')
      .filter(({ path }) => path === 'bin/almanac.ts')
      .flatMap(importsOf)
    expect(imports.map(({ target }) => target).filter((target) => !target.startsWith('lib/cli/'))).toEqual([])
  })

  test('nothing imports what starts it or tests it', () => {
    const outside = sources.flatMap((source) =>
      importsOf(source)
        .filter(({ target, isOwn }) => isOwn && !target.startsWith('lib/'))
        .map(({ target }) => `${source.path} imports ${target}`),
    )
    expect(outside).toEqual([])
  })
})

describe('the rules find what they are for', () => {
  test.each([
    ['core', "import { readFile } from 'node:fs/promises'", 'core may not import node:fs/promises'],
    ['core', "import { x } from '../load/load.ts'", 'core may not import load'],
    [
      'core',
      "import {\n  a,\n  type B,\n} from '../cli/io.ts'\nexport const x = a",
      'core may not import cli',
    ],
    [
      'entities',
      "import type { Engine } from '../transform/engine.ts'",
      'entities may not import types of transform',
    ],
    ['nightly', "import { openEngine } from '../transform/engine.ts'", 'nightly may not import transform'],
    ['load', "export { x } from '../extract/list.ts'", 'load may not import extract'],
    ['load', "const { x } = await import('../tableau/client.ts')", 'load may not import tableau'],
    ['core', "import 'undici'", 'core may not import the package undici'],
    ['cli', "import { x } from '../../bin/almanac.ts'", 'cli may not import bin/almanac.ts'],
    ['core', 'export const now = () => Date.now()', 'core is pure and uses Date.now'],
    ['load', 'const home = process.env["HOME"]', 'load is pure and uses process'],
    ['entities', 'await fetch(address)', 'entities is pure and uses fetch'],
  ])('%s: %s', (room, text, why) => {
    const path = `lib/${room}/made-up.ts`
    expect(objectionsTo({ path, text })).toEqual([`${path}: ${why}`])
  })

  test.each([
    ['core', '/** Never uses Date.now or fetch(). */\nexport const x = 1 // not process.env\n'],
    [
      'notify',
      "import type { Webhook } from '../config/configuration.ts'\nimport { way } from '../network/way.ts'",
    ],
    ['load', 'const session = { process: 1 }\nengine.fetch(session)'],
  ])('%s may: %s', (room, text) => {
    expect(objectionsTo({ path: `lib/${room}/made-up.ts`, text })).toEqual([])
  })
})
