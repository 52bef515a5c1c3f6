import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { nextFor } from '../../lib/adapters/aws/causes.ts'

const page = readFileSync(join(resolve(import.meta.dirname, '../..'), 'docs/running.md'), 'utf8')
const [, policy = ''] = /^```json\n(\{\s*"Version"[\s\S]*?)^```$/m.exec(page) ?? []

const DENIED = {
  kind: 'answer',
  name: 'AccessDenied',
  words: '',
  status: 403,
  attempts: 1,
  requestId: undefined,
} as const

test('the policy of a warehouse in S3 allows what a refusal asks for, and nothing more', () => {
  const { Statement } = JSON.parse(policy) as { Statement: { Action: string | string[]; Effect: string }[] }
  expect(new Set(Statement.map(({ Effect }) => Effect))).toEqual(new Set(['Allow']))
  const allowed = Statement.flatMap(({ Action }) => Action).sort()
  const asked = nextFor(DENIED)?.match(/s3:\w+/g) ?? []
  expect(allowed).toEqual([...new Set(asked)].sort())
})
