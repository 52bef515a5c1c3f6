import { describe, expect, test } from 'vitest'
import { isForbiddenIp, parseAddress } from '../../lib/network/address.ts'
import { figure } from '../guarantees/proof.ts'

/** Where credentials of a cloud machine can be asked for: IPv4 addresses, each with its four bytes in hex. */
const METADATA: readonly (readonly [string, string, string])[] = [
  ['169.254.169.254', 'a9fe', 'a9fe'],
  ['169.254.170.2', 'a9fe', 'aa02'],
  ['169.254.0.1', 'a9fe', '0001'],
  ['100.100.100.200', '6464', '64c8'],
  ['192.0.0.192', 'c000', '00c0'],
  ['168.63.129.16', 'a83f', '8110'],
]

/** Every way to write such an address, or to reach it by IPv6. */
const spellings = ([address, high, low]: readonly [string, string, string]): readonly string[] => {
  const number = Number.parseInt(high + low.padStart(4, '0'), 16)
  const bytes = address.split('.').map(Number)
  return [
    address,
    `${address}.`,
    String(number),
    `0x${number.toString(16)}`,
    `0${number.toString(8)}`,
    bytes.map((byte) => `0x${byte.toString(16)}`).join('.'),
    bytes.map((byte) => `0${byte.toString(8)}`).join('.'),
    address.replaceAll('.', '\u3002'),
    address.replaceAll('.', '%2e'),
    address.replaceAll('1', '\u2460'),
    `[::ffff:${address}]`,
    `[::ffff:${high}:${low}]`,
    `[0:0:0:0:0:ffff:${high}:${low}]`,
    `[::${address}]`,
    `[::ffff:0:${high}:${low}]`,
    `[64:ff9b::${high}:${low}]`,
    `[64:ff9b:1::${high}:${low}]`,
    `[2002:${high}:${low}::]`,
    `[2002:${high}:${low}::1]`,
  ]
}

const ALL = [...METADATA.flatMap(spellings), '[fe80::1]', '[FE80::a:b]', '[fd00:ec2::254]', '[fd20:ce::254]']

describe('no spelling of a metadata address is taken for a server', () => {
  test.each(ALL)('https://%s', (host) => {
    const parts = ['', ':443', ':8080', '/', '/#@good.example.com']
    for (const part of parts) {
      expect(() => parseAddress(`https://${host}${part}`)).toThrow(
        expect.objectContaining({ code: 'forbidden-address' }),
      )
    }
    expect(() => parseAddress(host)).toThrow(expect.objectContaining({ code: 'forbidden-address' }))
  })

  test('and their neighbours are', () => {
    const near = [
      '169.253.255.255',
      '169.255.0.0',
      '100.100.100.199',
      '10.0.0.5',
      '::a',
      'fd12::1',
      '64:ff9b::a00:5',
    ]
    expect(near.filter(isForbiddenIp)).toEqual([])
  })
})

test('what it came to', () => figure('metadata-addresses', { spellings: ALL.length }))
