import { expect, test } from 'vitest'
import { cut, glueColumn } from '../../lib/athena/glue.ts'
import { projection } from '../../lib/athena/projection.ts'

test.each([
  ['as it is', 'as it is', 255],
  ['ends at a word', 'ends at …', 12],
  ['the reader’s own', 'the …', 17],
  ['the reader’s own', 'the reader’s own', 18],
])('%s within its bytes: %s', (text, wanted, bytes) => {
  expect(cut(text, bytes)).toBe(wanted)
  expect(Buffer.byteLength(cut(text, bytes))).toBeLessThanOrEqual(bytes)
})

test('the comment of a column is its meaning, in 255 bytes at most', () => {
  const doc = 'Überall ist etwas dazu zu sagen. '.repeat(20).trim()
  const { comment } = glueColumn({ name: 'x', type: 'list', doc, isPersonal: false })
  expect(Buffer.byteLength(comment)).toBeLessThanOrEqual(255)
  expect(doc.startsWith(comment.replace(/ …$/, ''))).toBe(true)
})

test('a partition of which nobody says the values is refused', () => {
  const shard = { name: 'shard', type: 'text', doc: 'Shard', isPersonal: false } as const
  expect(() =>
    projection({ bucketName: 'b', sites: ['s'], firstDay: '2026-10-03' }, 'x/', [shard], []),
  ).toThrow('nothing says which values the partition "shard" has')
})
