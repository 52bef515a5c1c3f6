import type { LookupAddress } from 'node:dns'
import { describe, expect, it } from 'vitest'
import { guardedLookup } from '../../lib/network/lookup.ts'

const PUBLIC: LookupAddress = { address: '198.51.100.7', family: 4 }
const PRIVATE: LookupAddress = { address: '10.1.2.3', family: 4 }
const LOOPBACK: LookupAddress = { address: '::1', family: 6 }
const METADATA: LookupAddress = { address: '169.254.169.254', family: 4 }
const LINK: LookupAddress = { address: 'fe80::1', family: 6 }
const MAPPED: LookupAddress = { address: '::ffff:169.254.169.254', family: 6 }

/** What a socket gets from a name that resolves to `found`: addresses, or the code of the error. */
function looked(found: LookupAddress[], loopbackOnly: boolean, all = true): Promise<unknown> {
  const lookup = guardedLookup(loopbackOnly, (_, __, answer) => answer(null, found))
  return new Promise((resolve) => {
    lookup('tableau.example.com', { all }, (error, addresses, family) => {
      resolve(error === null ? [addresses, family] : 'code' in error ? error.code : error)
    })
  })
}

const CASES: readonly (readonly [
  what: string,
  found: LookupAddress[],
  loopbackOnly: boolean,
  kept: LookupAddress[] | string,
])[] = [
  ['public addresses', [PUBLIC], false, [PUBLIC]],
  ['private addresses', [PRIVATE], false, [PRIVATE]],
  ['a public one beside link-local ones', [LINK, PUBLIC, METADATA], false, [PUBLIC]],
  ['metadata only', [METADATA], false, 'forbidden-address'],
  ['metadata in IPv6 notation', [MAPPED], false, 'forbidden-address'],
  ['link-local only', [LINK], false, 'forbidden-address'],
  ['loopback for plain http', [LOOPBACK], true, [LOOPBACK]],
  ['another address for plain http', [PUBLIC], true, 'insecure-address'],
]

describe('guardedLookup', () => {
  it.each(CASES)('%s', async (_, found, loopbackOnly, kept) => {
    expect(await looked(found, loopbackOnly)).toEqual(typeof kept === 'string' ? kept : [kept, undefined])
  })

  it('answers one address when one is asked for', async () => {
    expect(await looked([METADATA, PUBLIC], false, false)).toEqual([PUBLIC.address, PUBLIC.family])
  })

  it('passes on that a name does not exist', async () => {
    const gone = Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' })
    const lookup = guardedLookup(false, (_, __, answer) => answer(gone, []))
    const error = await new Promise((resolve) => lookup('nowhere.example', {}, resolve))
    expect(error).toBe(gone)
  })
})
