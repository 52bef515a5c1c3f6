import type { Entity } from '../../lib/core/entity.ts'
import type { RawItem } from '../../lib/core/item.ts'
import { ENTITIES } from '../../lib/entities/index.ts'
import { parsePage } from '../../lib/tableau/answer.ts'
import { PAGE_TYPES } from './pages.ts'
import type { Random } from './random.ts'

/** An item, the entity it is read for, and its parent where that has one. */
export interface ItemCase {
  readonly entity: Entity
  readonly item: RawItem
  readonly parent: string | undefined
}

type Loose = Record<string, string | string[] | undefined>

/** The items of an entity's fixture. */
const MODELS: readonly (readonly [Entity, readonly RawItem[]])[] = ENTITIES.map((entity) => {
  const page = PAGE_TYPES.find(({ name }) => name === `${entity.name}.xml`)
  return [entity, page === undefined ? [] : parsePage(page.bytes, page.shape).items]
})

const VALUES: readonly string[] = [
  ...[
    '',
    ' ',
    '0',
    '-0',
    '+1',
    '-1',
    '007',
    '1.0',
    '1e5',
    '1e999',
    '0x10',
    'NaN',
    'Infinity',
    '９',
    '1 ',
    ' 1',
    '1_000',
    '1,5',
  ],
  ...[
    '9223372036854775807',
    '9223372036854775808',
    '-9223372036854775808',
    '-9223372036854775809',
    '9'.repeat(40),
  ],
  ...['true', 'TRUE', 'True', 'false', 'falsе', 'yes', '1', 'null', 'undefined', '[object Object]'],
  ...[
    '2026-11-01T00:00:00Z',
    '2026-11-01T00:00:00',
    '2026-11-01',
    '2026-11-01T00:00:00.123456789Z',
    '2026-11-01T00:00:60Z',
  ],
  ...[
    '0001-01-01T00:00:00Z',
    '0000-01-01T00:00:00Z',
    '9999-12-31T23:59:59Z',
    '10000-01-01T00:00:00Z',
    '-0001-01-01T00:00:00Z',
  ],
  ...[
    '2016-06-31T00:00:00Z',
    '2024-02-29T00:00:00Z',
    '2023-02-29T00:00:00Z',
    '2026-11-01T24:00:00Z',
    '2026-11-01T00:00:00+18:59',
  ],
  ...[
    '2026-11-01T00:00:00-0500',
    '2026-11-01T00:00:00+99:00',
    '2026-13-01T00:00:00Z',
    '2026-11-01t00:00:00z',
    '1793570400',
  ],
  ...[
    '\0',
    '\ud800',
    'a\udfff',
    '\ufeff',
    'é',
    'é',
    '👩‍👩‍👧',
    '\u202e',
    '\n',
    '"',
    "'",
    '{"a":1}',
    '\\',
    '../..',
    'x'.repeat(70_000),
  ],
  ...['__proto__', 'constructor', 'toString'],
]

const PATHS: readonly string[] = [
  ...[
    '@id',
    '@name',
    '@new',
    'owner/@id',
    'owner/@name',
    'owner/@email',
    'owner',
    'owner/x/@y',
    'user/@name',
    'tags/tag/@label',
    'tags',
  ],
  ...[
    '__proto__',
    '@__proto__',
    '__proto__/@polluted',
    'constructor',
    'constructor/prototype/@polluted',
    'toString',
    'text()',
    'usage/@new',
  ],
]

/** Sets a path as a document would: also `__proto__` is a path like any other. */
const put = (item: Loose, path: string, value: string | string[] | undefined): void => {
  Object.defineProperty(item, path, { value, writable: true, enumerable: true, configurable: true })
}

type Mutation = (item: Loose, random: Random) => void
const anyPath = (item: Loose, random: Random): string =>
  random.chance(70) ? random.pick([...Object.keys(item), '@id']) : random.pick(PATHS)

const MUTATIONS: readonly Mutation[] = [
  (item, random) => void delete item[anyPath(item, random)],
  (item, random) => put(item, anyPath(item, random), undefined),
  (item, random) => put(item, anyPath(item, random), random.pick(VALUES)),
  (item, random) => put(item, anyPath(item, random), random.pick(VALUES)),
  (item, random) => put(item, random.pick(PATHS), random.pick(VALUES)),
  (item, random) => put(item, anyPath(item, random), [random.pick(VALUES), random.pick(VALUES)]),
  (item, random) => {
    const path = anyPath(item, random)
    const value = item[path]
    if (typeof value === 'string' && value !== '') put(item, path, value.slice(0, random.below(value.length)))
  },
  (item, random) => {
    const path = anyPath(item, random)
    const value = item[path]
    if (typeof value !== 'string') return
    const at = random.below(value.length)
    put(item, path, value.slice(0, at) + random.pick([...'0123456789+-:.TZ eE']) + value.slice(at + 1))
  },
]

/** An item of some entity that was changed up to four times. */
export function mutatedItem(random: Random): ItemCase {
  const [entity, items] = random.pick(MODELS.filter(([, models]) => models.length > 0))
  const item: Loose = Object.assign(Object.create(Object.prototype), random.pick(items))
  for (let times = random.below(5); times > 0; times--) random.pick(MUTATIONS)(item, random)
  return { entity, item, parent: entity.read.shape === 'children' ? 'p1' : undefined }
}
