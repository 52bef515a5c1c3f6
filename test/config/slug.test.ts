import { expect, test } from 'vitest'
import { slugOf } from '../../lib/config/slug.ts'

test.each([
  ['', 'default'],
  ['Sales', 'sales'],
  ['Sales EMEA_2', 'sales-emea-2'],
  ['--Ünïcode--', 'n-code'],
  ['x'.repeat(80), 'x'.repeat(63)],
])('the slug of "%s" is %s', (contentUrl, slug) => {
  expect(slugOf(contentUrl)).toBe(slug)
})

test('a content URL that leaves nothing for a slug asks for one', () => {
  expect(() => slugOf('日本')).toThrow(expect.objectContaining({ code: 'bad-configuration' }))
})
