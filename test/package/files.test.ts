import { basename } from 'node:path'
import { describe, expect, test } from 'vitest'
import { sourcesBelow } from './sources.ts'

const sources = sourcesBelow('bin', 'lib', 'functions', 'test', 'bench')
const VAGUE = /(^|[-_.])(utils?|helpers?|common|misc|shared|stuff)([-_.]|$)/i

describe('files', () => {
  test('are there to be looked at', () => expect(sources.length).toBeGreaterThan(100))

  test('no index files but the registry of entities', () => {
    const found = sources.map(({ path }) => path).filter((path) => basename(path).startsWith('index.'))
    expect(found).toEqual(['lib/entities/index.ts'])
  })

  test.each([
    ['code', 300, (path: string) => !path.startsWith('test/')],
    ['tests, whose cases are data,', 500, (path: string) => path.startsWith('test/')],
  ])('%s: fewer than %i lines', (_, limit, isMeant) => {
    const long = sources
      .filter(({ path }) => isMeant(path))
      .map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
      .filter(({ lines }) => lines >= limit)
    expect(long).toEqual([])
  })

  test('are named for what they hold', () => {
    const vague = sources
      .map(({ path }) => path)
      .filter((path) => path.split('/').some((part) => VAGUE.test(part)))
    expect(vague).toEqual([])
  })

  test.each(['lib/core/utils.ts', 'lib/common/x.ts', 'lib/cli/date-helpers.ts'])(
    '%s would be vague',
    (path) => expect(path.split('/').some((part) => VAGUE.test(part))).toBe(true),
  )
})
