import { rootCertificates } from 'node:tls'
import { beforeAll, describe, expect, it } from 'vitest'
import { authorityFacts, readAuthorities, trusted } from '../../lib/network/authorities.ts'
import { type Authority, type Issued, issue, makeAuthority } from '../tls/certificates.ts'

let corp: Authority
let old: Issued
beforeAll(async () => {
  corp = await makeAuthority()
  old = await issue({ name: 'Old Root', from: -30, to: -1 })
})

const lastLine = '-----END CERTIFICATE-----'

const WRONG: readonly (readonly [what: string, pem: () => string, says: RegExp])[] = [
  ['an empty file', () => '', /^ca\.pem holds no certificate$/],
  ['text', () => 'no certificate here', /^ca\.pem holds no certificate$/],
  [
    'DER',
    () => Buffer.from(corp.root.certificate.rawData).toString('utf8'),
    /^ca\.pem holds no certificate in PEM, but binary data$/,
  ],
  ['a private key', () => corp.root.pem + corp.root.key, /^ca\.pem, block 2 of 2, is a private key$/],
  [
    'an encrypted private key',
    () => '-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----',
    /^ca\.pem, block 1 of 1, is a private key$/,
  ],
  [
    'something else',
    () => '-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----',
    /block 1 of 1, is a PUBLIC KEY/,
  ],
  [
    'a damaged certificate',
    () => corp.root.pem + corp.issuing.pem.replace(/\n[^\n]{10}/, '\nAAAAAAAAAA'),
    /block 2 of 2, is a damaged certificate/,
  ],
  [
    'a file that is cut',
    () => corp.root.pem + corp.issuing.pem.slice(0, -lastLine.length),
    /^ca\.pem is cut: of 2 blocks, 1 are whole$/,
  ],
]

describe('readAuthorities', () => {
  it('takes every certificate once, whatever stands between', () => {
    const bundle = `# Corp\r\n${corp.root.pem.replaceAll('\n', '\r\n')}subject=x\n${corp.issuing.pem}${corp.root.pem}`
    const facts = authorityFacts(readAuthorities(bundle, 'ca.pem'))
    expect(facts.map(({ subject }) => subject)).toEqual(['Corp Root CA', 'Corp Issuing CA 2'])
  })

  it('keeps one that has expired, and tells when', () => {
    const [facts] = authorityFacts(readAuthorities(old.pem, 'ca.pem'))
    expect(facts).toMatchObject({ subject: 'Old Root', isSelfSigned: true })
    expect(facts?.validTo).toBe(Math.floor(old.certificate.notAfter.getTime() / 1000) * 1000)
  })

  it.each(WRONG)('refuses %s', (_, pem, says) => {
    expect(() => readAuthorities(pem(), 'ca.pem')).toThrow(
      expect.objectContaining({ code: 'bad-configuration', message: expect.stringMatching(says) }),
    )
  })
})

describe('trusted', () => {
  it('leaves Node alone without authorities of ours', () => {
    expect(trusted([])).toBeUndefined()
  })

  it('adds ours to Node’s roots', () => {
    expect(trusted([corp.root.pem])).toEqual([...rootCertificates, corp.root.pem])
  })
})
