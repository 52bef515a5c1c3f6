import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AREAS, isSlug, keys, parseKey } from '../../lib/core/keys.ts'

const HASH = 'a'.repeat(64)
const at = { entity: 'users', site: 'demo' }
const shard = { ...at, dt: '2026-11-24', run: 'r0-A', shard: '0' }

const ALL: readonly (readonly [string, string])[] = [
  [keys.landing(at), 'landing/entity=users/site=demo/'],
  [keys.landing(at, '2026-11-24'), 'landing/entity=users/site=demo/dt=2026-11-24/'],
  [
    keys.part(shard, '0123abcd', 7),
    'landing/entity=users/site=demo/dt=2026-11-24/run=r0-A/shard=0/attempt=0123abcd/part-0007.parquet',
  ],
  [
    keys.checkpoint(shard, 7),
    'landing/entity=users/site=demo/dt=2026-11-24/run=r0-A/shard=0/checkpoint-0007.json',
  ],
  [keys.receipt(shard), 'landing/entity=users/site=demo/dt=2026-11-24/run=r0-A/shard=0/receipt.json'],
  [keys.candidate(at, '2026-11-24', HASH), `candidate/entity=users/site=demo/dt=2026-11-24/${HASH}.parquet`],
  [
    keys.candidateReceipt(at, '2026-11-24', HASH),
    `candidate/entity=users/site=demo/dt=2026-11-24/${HASH}.json`,
  ],
  [
    keys.observation(at, '2026-11-24', HASH),
    `observation/entity=users/site=demo/dt=2026-11-24/${HASH}.parquet`,
  ],
  [keys.manifest(at, '2026-11-24', 1), 'manifest/entity=users/site=demo/dt=2026-11-24/v0001.json'],
  [keys.manifest(at, '2026-11-24', 12_345), 'manifest/entity=users/site=demo/dt=2026-11-24/v12345.json'],
  [keys.run('demo', '2026-11-24', 'r1'), 'runs/site=demo/dt=2026-11-24/run=r1.json'],
  [keys.site('demo'), 'site/demo.json'],
  [keys.lease(HASH), `lease/${HASH}.json`],
  [keys.snapshot(at, '2026-11-24'), 'snapshot/entity=users/site=demo/dt=2026-11-24/data.parquet'],
  [keys.coverage(at, '2026-11-24'), 'coverage/entity=users/site=demo/dt=2026-11-24/data.parquet'],
  [keys.current(at), 'current/entity=users/site=demo/data.parquet'],
  [keys.history(at), 'history/entity=users/site=demo/data.parquet'],
  [keys.event(at, '2026-11'), 'event/entity=users/site=demo/month=2026-11/data.parquet'],
]

/** What must never reach a path, whoever typed it. */
const HOSTILE = [
  '',
  '.',
  '..',
  '../x',
  'a/b',
  'a\\b',
  'C:',
  'a=b',
  'ä',
  'a b',
  ' a',
  'a\n',
  'a\0',
  '%2e%2e',
  '..%2f',
  'a'.repeat(300),
  '__proto__/x',
  '-a*',
  '$(x)',
  '\u202ea',
]

describe('a key', () => {
  test.each(ALL)('%s', (key, wanted) => {
    expect(key).toBe(wanted)
  })

  test.each(HOSTILE)('is never built from %j', (value) => {
    const builders: readonly (() => string)[] = [
      () => keys.snapshot({ entity: value, site: 'demo' }, '2026-11-24'),
      () => keys.snapshot({ entity: 'users', site: value }, '2026-11-24'),
      () => keys.snapshot(at, value),
      () => keys.receipt({ ...shard, run: value }),
      () => keys.receipt({ ...shard, shard: value }),
      () => keys.checkpoint({ ...shard, run: value }, 1),
      () => keys.part(shard, value, 0),
      () => keys.candidate(at, '2026-11-24', value),
      () => keys.observation(at, '2026-11-24', value),
      () => keys.run('demo', '2026-11-24', value),
      () => keys.run(value, '2026-11-24', 'r'),
      () => keys.site(value),
      () => keys.lease(value),
      () => keys.event(at, value),
    ]
    for (const build of builders) expect(build).toThrow(expect.objectContaining({ code: 'internal' }))
  })

  test('of any text is refused or stays within its place', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 12 }), (site) => {
        if (isSlug(site))
          expect(parseKey(keys.current({ entity: 'users', site }))?.labels).toEqual({ entity: 'users', site })
        else expect(() => keys.current({ entity: 'users', site })).toThrow()
      }),
    )
  })

  test('taken apart says what it was built from', () => {
    expect(parseKey(keys.part(shard, '0123abcd', 7))).toEqual({
      area: 'landing',
      labels: { ...shard, attempt: '0123abcd' },
      file: 'part-0007.parquet',
    })
    expect(parseKey(keys.run('demo', '2026-11-24', 'r1'))?.labels).toEqual({
      site: 'demo',
      dt: '2026-11-24',
      run: 'r1',
    })
    for (const [key] of ALL.filter(([each]) => !each.endsWith('/')))
      expect(AREAS[parseKey(key)?.area ?? 'landing']).toBeDefined()
  })

  test.each(['', 'other/x', '__proto__/entity=x', 'toString/entity=x', 'README.md'])(
    '%j is none of ours',
    (key) => {
      expect(parseKey(key)).toBeUndefined()
    },
  )

  test('with a label of the prototype harms nobody', () => {
    const labels = parseKey('manifest/__proto__=x/constructor=y/v0001.json')?.labels
    expect(Object.getPrototypeOf(labels)).toBeNull()
    expect(({} as Record<string, unknown>)['x']).toBeUndefined()
  })

  test.each([
    ['a', true],
    ['0', true],
    ['123', true],
    ['a-b', true],
    ['a'.repeat(63), true],
    ['a'.repeat(64), false],
    ['-a', false],
    ['A', false],
    ['a_b', false],
  ])('%s as a slug: %s', (text, is) => {
    expect(isSlug(text)).toBe(is)
  })
})
