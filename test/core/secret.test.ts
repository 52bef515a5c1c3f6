import { format, inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { secretOf, secretPlace } from '../../lib/core/secret.ts'

const CANARY = 'canary-of-a-secret'

describe('a secret', () => {
  const secret = secretOf(CANARY)

  test('is revealed to who asks for it by name', () => expect(secret.reveal()).toBe(CANARY))

  test.each<[string, () => string]>([
    ['in a text', () => `${secret}`],
    ['joined to a text', () => `x${String(secret)}`],
    ['as JSON', () => JSON.stringify({ secret })],
    ['inspected, however deep', () => inspect({ a: { b: { secret } } }, { depth: null, showHidden: true })],
    ['formatted', () => format('%s %o %O %j', secret, secret, secret, secret)],
    ['by its keys and values', () => JSON.stringify([Object.keys(secret), Object.entries({ ...secret })])],
    ['in an error', () => inspect(new Error(`${secret}`, { cause: secret }))],
    ['as a table', () => inspect(new Map([['secret', secret]]))],
  ])('shows nothing %s', (_, show) => {
    expect(show()).not.toContain(CANARY)
  })

  test('cannot be changed to show something', () => {
    expect(() => Object.assign(secret, { toString: () => CANARY })).toThrow(TypeError)
  })
})

describe('the place of a secret', () => {
  test.each([
    [{ env: 'PAT' }, 'environment variable PAT'],
    [{ file: '/run/secrets/pat' }, 'file /run/secrets/pat'],
    [{ awsSecret: 'tableau/pat' }, 'AWS secret tableau/pat'],
    [{ awsSecret: 'tableau', field: 'secret' }, 'AWS secret tableau, field secret'],
    [{ awsSecret: 'tableau', region: 'eu-central-1' }, 'AWS secret tableau, region eu-central-1'],
    [
      { awsSecret: 'tableau', field: 'x', region: 'us-east-1' },
      'AWS secret tableau, field x, region us-east-1',
    ],
  ])('%j reads as it is named', (reference, place) => {
    expect(secretPlace(reference)).toBe(place)
  })
})
