import { describe, expect, expectTypeOf, test } from 'vitest'
import {
  boolean,
  computed,
  date,
  double,
  integer,
  listOf,
  type RowOf,
  text,
  timestamp,
} from '../../lib/core/column.ts'
import { entity, list, trackedColumns } from '../../lib/core/entity.ts'
import { foldFingerprint, shapeOf, unknownColumns } from '../../lib/core/shape.ts'
import { THINGS } from '../load/toy.ts'

const facts = {
  name: 'toys',
  doc: 'A toy.',
  kind: 'state',
  role: 'Viewer',
  belowRole: 'narrowed',
  scope: 'tableau:content:read',
  help: 'https://help.tableau.com/',
} as const
const read = list('toys', { item: 'toy', since: '2.0' })
const columns = {
  id: text('@id', 'Id').required(),
  name: text('@name', 'Name').personal(),
  size: integer('@size', 'Size').volatile().required(),
  weight: double('@weight', 'Weight'),
  isNew: boolean('@isNew', 'New').required(),
  born: timestamp('@born', 'Born'),
  due: date('@due', 'Due'),
  tags: listOf('tags/tag/@label', 'Tags'),
  depth: computed('integer', 'Depth'),
}

describe('column types', () => {
  test('rows follow from columns', () => {
    expectTypeOf<RowOf<typeof columns>>().toEqualTypeOf<{
      readonly id: string
      readonly name: string | null
      readonly size: bigint
      readonly weight: number | null
      readonly isNew: boolean
      readonly born: bigint | null
      readonly due: number | null
      readonly tags: readonly string[] | null
      readonly depth: bigint | null
    }>()
  })

  test('a key of required columns compiles, one that names a nullable column, or none there is, does not', () => {
    entity({ ...facts, read, key: ['id', 'size'], columns })
    // @ts-expect-error a name may be null, and a key is never null
    entity({ ...facts, read, key: ['id', 'name'], columns })
    // @ts-expect-error a computed column may be null
    entity({ ...facts, read, key: ['depth'], columns })
    // @ts-expect-error there is no such column
    entity({ ...facts, read, key: ['luid'], columns })
    // A mark put on afterwards does not make it null again.
    expect(entity({ ...facts, read, key: ['id'], columns: { id: columns.id.volatile() } }).key).toEqual([
      'id',
    ])
  })

  test('marks add up and leave the column they were put on as it was', () => {
    const plain = text('@a', 'A')
    const marked = plain.required().volatile().personal().extended().introducedIn('3.20')
    expect(marked).toMatchObject({
      isRequired: true,
      isVolatile: true,
      isPersonal: true,
      isExtended: true,
      since: '3.20',
      from: '@a',
      doc: 'A',
    })
    expect(plain).toMatchObject({
      isRequired: false,
      isVolatile: false,
      isPersonal: false,
      isExtended: false,
      since: undefined,
    })
  })

  test('tracked are all that are neither volatile nor key; raw_extra is volatile', () => {
    expect(trackedColumns(THINGS)).toEqual(['name', 'size', 'tags'])
    expect(shapeOf(THINGS).columns.map(({ name }) => name)).toEqual([
      'id',
      'name',
      'size',
      'tags',
      'views',
      'raw_extra',
    ])
  })
})

describe('what a day does not know', () => {
  const tracked = shapeOf(THINGS).tracked
  test.each([
    ['all columns there', tracked, [], []],
    ['one missing by schema', tracked, ['size'], ['size']],
    ['one not declared yet', tracked.filter(({ name }) => name !== 'tags'), [], ['tags']],
    [
      'one of another type',
      tracked.map((column) => (column.name === 'size' ? { ...column, type: 'text' as const } : column)),
      [],
      ['size'],
    ],
  ])('%s', (_, there, missing, unknown) => {
    expect(unknownColumns(tracked, { columns: there, missing })).toEqual(unknown)
  })

  test('the fold’s fingerprint changes with key and tracked columns, and not with volatile ones', () => {
    const shape = shapeOf(THINGS)
    const print = foldFingerprint(shape)
    expect(foldFingerprint({ ...shape, columns: shape.columns.slice(0, -1) })).toBe(print)
    expect(foldFingerprint({ ...shape, tracked: shape.tracked.slice(0, -1) })).not.toBe(print)
    expect(foldFingerprint({ ...shape, key: ['name'] })).not.toBe(print)
  })
})
