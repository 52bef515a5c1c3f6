import { describe, expect, test } from 'vitest'
import { between } from '../../bench/document.ts'
import { median, tableText } from '../../bench/result.ts'

describe('between', () => {
  const document = 'a\n<!-- bench:x -->\nold\n<!-- /bench:x -->\nb\n'

  test('puts text between the markers, and again', () => {
    const once = between(document, 'x', 'new')
    expect(once).toBe('a\n<!-- bench:x -->\nnew\n<!-- /bench:x -->\nb\n')
    expect(between(once, 'x', 'new')).toBe(once)
  })

  test.each([
    ['another name', document, 'y'],
    ['markers the wrong way round', '<!-- /bench:x --><!-- bench:x -->', 'x'],
  ])('refuses %s', (_, text, name) => {
    expect(() => between(text, name, 'new')).toThrow(/no markers/)
  })
})

test.each([
  [[3, 1, 2], 2],
  [[4, 1, 2, 3], 2.5],
  [[], 0],
])('the median of %j is %d', (values, expected) => expect(median(values)).toBe(expected))

test('a table is Markdown with columns of equal width', () => {
  expect(tableText({ title: 'T', head: ['what', 's'], rows: [['a night', 1234.5]] })).toBe(
    ['**T**', '', '| what    | s       |', '|---------|---------|', '| a night | 1,234.5 |'].join('\n'),
  )
})
