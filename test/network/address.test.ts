import { describe, expect, it } from 'vitest'
import type { ErrorCode } from '../../lib/core/errors.ts'
import { parseAddress } from '../../lib/network/address.ts'

const ACCEPTED: readonly (readonly [given: string, url: string])[] = [
  ['https://10ax.online.tableau.com', 'https://10ax.online.tableau.com'],
  ['https://10ax.online.tableau.com/', 'https://10ax.online.tableau.com'],
  ['https://10ax.online.tableau.com/#/site/sales/home', 'https://10ax.online.tableau.com'],
  ['https://tableau.example.com/?x=1#/site/x', 'https://tableau.example.com'],
  ['https://tableau.example.com/t/sales/views/a', 'https://tableau.example.com'],
  ['  HTTPS://Tableau.Example.COM:443/ ', 'https://tableau.example.com'],
  ['https://tableau.example.com:8443', 'https://tableau.example.com:8443'],
  ['tableau.example.com', 'https://tableau.example.com'],
  ['tableau.example.com:8443/', 'https://tableau.example.com:8443'],
  ['https://10.0.0.5', 'https://10.0.0.5'],
  ['https://192.168.1.2', 'https://192.168.1.2'],
  ['https://[fd12:3456::1]', 'https://[fd12:3456::1]'],
  ['http://localhost:8000', 'http://localhost:8000'],
  ['http://127.0.0.1:8000/', 'http://127.0.0.1:8000'],
  ['http://127.9.9.9', 'http://127.9.9.9'],
  ['http://[::1]:8000', 'http://[::1]:8000'],
]

const REFUSED: readonly (readonly [given: string, code: ErrorCode])[] = [
  ['', 'bad-configuration'],
  ['https://', 'bad-configuration'],
  ['https://user:word@tableau.example.com', 'bad-configuration'],
  ['http://tableau.example.com', 'insecure-address'],
  ['http://10.0.0.5', 'insecure-address'],
  ['http://localhost.example.com', 'insecure-address'],
  ['http://127.0.0.1.example.com', 'insecure-address'],
  ['ftp://tableau.example.com', 'insecure-address'],
  ['file:///etc/passwd', 'insecure-address'],
  ['https://169.254.169.254', 'forbidden-address'],
  ['http://169.254.169.254', 'forbidden-address'],
  ['https://2852039166', 'forbidden-address'],
  ['https://0xa9fea9fe', 'forbidden-address'],
  ['https://0251.0376.0251.0376', 'forbidden-address'],
  ['https://169.254.169.254.', 'forbidden-address'],
  ['https://[::ffff:169.254.169.254]', 'forbidden-address'],
  ['https://[fe80::1]', 'forbidden-address'],
  ['https://[fd00:ec2::254]', 'forbidden-address'],
  ['https://[64:ff9b::169.254.169.254]', 'forbidden-address'],
  ['https://100.100.100.200', 'forbidden-address'],
  ['https://168.63.129.16', 'forbidden-address'],
]

describe('parseAddress', () => {
  it.each(ACCEPTED)('takes %j as %s', (given, url) => {
    expect(parseAddress(given)).toEqual({ url, host: new URL(url).host })
  })

  it.each(REFUSED)('refuses %j as %s', (given, code) => {
    expect(() => parseAddress(given)).toThrowError(expect.objectContaining({ code }))
  })

  it('does not repeat a password', () => {
    expect(() => parseAddress('https://jane:hush-hush@host')).toThrowError(
      expect.not.stringContaining('hush'),
    )
  })
})
