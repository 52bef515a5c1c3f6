import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { boolean, computed, date, double, integer, listOf, text, timestamp } from '../../lib/core/column.ts'
import { children, type Entity, entity, list } from '../../lib/core/entity.ts'
import type { RawItem } from '../../lib/core/item.ts'
import { type Drift, keyOf, rowReader } from '../../lib/core/row.ts'
import { LINKS } from '../load/toy.ts'

const facts = {
  doc: 'A toy.',
  kind: 'state',
  role: 'Viewer',
  belowRole: 'narrowed',
  scope: 'tableau:content:read',
  help: 'https://help.tableau.com/',
} as const
const toys = entity({
  ...facts,
  name: 'toys',
  read: list('toys', { item: 'toy', since: '2.0' }),
  key: ['id'],
  columns: {
    id: text('@id', 'Id').required(),
    title: text('@title', 'Title').required(),
    born: timestamp('@born', 'Born').required(),
    size: integer('@size', 'Size'),
    weight: double('@weight', 'Weight'),
    isNew: boolean('@isNew', 'New'),
    due: date('@due', 'Due'),
    owner_id: text('owner/@id', 'Owner'),
    note: text('note/text()', 'Note'),
    tags: listOf('tags/tag/@label', 'Tags'),
    depth: computed('integer', 'Depth'),
  },
  drop: ['owner/@name'],
}) as unknown as Entity

const item = (more: Record<string, string | readonly string[]> = {}): RawItem =>
  Object.assign(Object.create(null), { '@id': 'a', '@title': 'A', '@born': '2026-01-01T00:00:00Z', ...more })

const read = (raw: RawItem, drift: Drift = new Map()) => rowReader(toys, drift)(raw)

describe('a row', () => {
  test('has every column: null where nothing was sent, and null in the computed ones', () => {
    expect(read(item())).toEqual({
      id: 'a',
      title: 'A',
      born: BigInt(Date.parse('2026-01-01T00:00:00Z')) * 1000n,
      size: null,
      weight: null,
      isNew: null,
      due: null,
      owner_id: null,
      note: null,
      tags: null,
      depth: null,
      raw_extra: null,
    })
  })

  test.each<[string, Record<string, string | readonly string[]>, Record<string, unknown>]>([
    [
      'values of every type',
      { '@size': '3', '@weight': '0.5', '@isNew': 'TRUE', '@due': '1970-01-02', owner: '', 'owner/@id': 'o' },
      { size: 3n, weight: 0.5, isNew: true, due: 1, owner_id: 'o' },
    ],
    ['an empty required text, which is a text', { '@title': '' }, { title: '' }],
    ['an empty element of a list', { tags: '' }, { tags: [] }],
    ['one value of a list', { tags: '', 'tags/tag': '', 'tags/tag/@label': 'x' }, { tags: ['x'] }],
    [
      'values of a list in any order, doubles kept',
      { tags: '', 'tags/tag': ['', '', ''], 'tags/tag/@label': ['b', 'a', 'b'] },
      { tags: ['a', 'b', 'b'] },
    ],
    ['the text of an element', { note: '', 'note/text()': 'n' }, { note: 'n' }],
    ['a dropped path, silently', { owner: '', 'owner/@name': 'Ann' }, { raw_extra: null }],
    [
      'unknown attributes, sorted by path',
      { '@zeta': '1', '@alpha': ['x', 'y'] },
      { raw_extra: '{"@alpha":["x","y"],"@zeta":"1"}' },
    ],
    [
      'a day that is none, as it was sent',
      { '@due': '2016-06-31' },
      { due: null, raw_extra: '{"@due":"2016-06-31"}' },
    ],
    [
      'unknown attributes of a person not at all',
      { owner: '', 'owner/@shoeSize': '44' },
      { raw_extra: null },
    ],
    [
      'a name with a prototype’s meaning',
      { '@__proto__': 'x', '@constructor': 'y' },
      { raw_extra: '{"@__proto__":"x","@constructor":"y"}' },
    ],
  ])('takes %s', (_, more, wanted) => {
    expect(read(item(more))).toMatchObject(wanted)
    expect(({} as Record<string, unknown>)['x']).toBeUndefined()
  })

  test.each<[string, Record<string, string | readonly string[]>, string]>([
    ['an empty key', { '@id': '' }, 'toys.id: required, and Tableau did not send @id'],
    ['an empty required time', { '@born': '' }, 'toys.born of a: required, and Tableau did not send @born'],
    [
      'a required time that is none',
      { '@born': '2016-06-31T00:00:00Z' },
      'toys.born of a: "2016-06-31T00:00:00Z" is no timestamp',
    ],
    ['a number that is none', { '@size': 'big' }, 'toys.size of a: "big" is no integer'],
    ['a truth value that is none', { '@isNew': 'perhaps' }, 'toys.isNew of a: "perhaps" is no boolean'],
    [
      'two values where one belongs',
      { owner: ['', ''], 'owner/@id': ['o', 'p'] },
      'toys.owner_id of a: owner/@id occurs 2 times',
    ],
  ])('refuses %s', (_, more, message) => {
    expect(() => read(item(more))).toThrow(expect.objectContaining({ code: 'bad-row', message }))
  })

  test('drift counts each unknown path once an item, those of persons too', () => {
    const drift: Drift = new Map()
    const reader = rowReader(toys, drift)
    reader(item({ '@zeta': '1', owner: '', 'owner/@shoeSize': '44' }))
    reader(item({ '@zeta': '2' }))
    expect(Object.fromEntries(drift)).toEqual({ '@zeta': 2, 'owner/@shoeSize': 1 })
  })

  test('an entity whose items are persons, and which is not the one that keeps them, keeps nothing unknown', () => {
    const members = entity({
      ...facts,
      name: 'members',
      read: children(
        list('boxes', { item: 'box', since: '2.0' }),
        'box_id',
        list('boxes/{parent}/users', { list: 'users', item: 'user', since: '2.0' }),
      ),
      key: ['box_id', 'user_id'],
      columns: { box_id: text('{parent}', 'Box').required(), user_id: text('@id', 'User').required() },
    }) as unknown as Entity
    const drift: Drift = new Map()
    expect(rowReader(members, drift)({ '@id': 'u', '@nickname': 'Annie' }, 'b')).toEqual({
      box_id: 'b',
      user_id: 'u',
      raw_extra: null,
    })
    expect([...drift]).toEqual([['@nickname', 1]])
  })

  test('whatever is sent, a row comes out or bad-row', () => {
    const paths = fc.constantFrom(
      '@id',
      '@title',
      '@born',
      '@size',
      '@isNew',
      'tags',
      'tags/tag/@label',
      'owner/@id',
      '@x',
      'a/b/@c',
    )
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(fc.string(), { minLength: 2, maxLength: 3 }),
    )
    fc.assert(
      fc.property(fc.dictionary(paths, value), (more) => {
        try {
          const { raw_extra: extra } = read(item(more))
          if (typeof extra === 'string') JSON.parse(extra)
        } catch (error) {
          expect(error).toMatchObject({ code: 'bad-row' })
        }
      }),
    )
  })
})

test('a key as a text is the same only for the same key', () => {
  const part = fc.oneof(fc.string(), fc.constantFrom('a","b', 'a', 'b', '', '["a","b"]'))
  fc.assert(
    fc.property(part, part, part, part, (a, b, c, d) => {
      const [left, right] = [
        keyOf(LINKS, { box_id: a, thing_id: b }),
        keyOf(LINKS, { box_id: c, thing_id: d }),
      ]
      expect(left === right).toBe(a === c && b === d)
    }),
  )
})
