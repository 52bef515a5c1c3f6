import { createServer } from 'node:tls'
import { beforeAll, describe, expect, it } from 'vitest'
import { examineTls } from '../../lib/network/certificate.ts'
import { DIRECT, type Way } from '../../lib/network/way.ts'
import { listening, serveRaw } from '../tableau/servers.ts'
import { type Authority, makeAuthority, type ServerTls } from '../tls/certificates.ts'
import { startProxy } from './proxy-server.ts'

let corp: Authority
let trusting: Way
beforeAll(async () => {
  corp = await makeAuthority()
  trusting = { proxy: undefined, authorities: [corp.root.pem] }
})

/** A TLS server, and what was sent to it within TLS. */
async function showing(tls: ServerTls) {
  const got: Buffer[] = []
  const names: string[] = []
  const SNICallback = (name: string, answer: (error: Error | null) => void) => {
    names.push(name)
    answer(null)
  }
  const server = createServer({ ...tls, SNICallback })
  server.on('secureConnection', (socket) => {
    socket.on('data', (chunk: Buffer) => got.push(chunk))
    socket.on('error', () => undefined)
  })
  const ended = new Promise<void>((resolve) => {
    server.on('connection', (socket) => socket.on('close', () => resolve()))
  })
  return { port: await listening(server), got, names, ended }
}

const look = (port: number, way: Way = trusting, host = '127.0.0.1') =>
  examineTls({ host, port, way, timeoutMs: 5_000 })

const day = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)

const ONLY_HERE = 'and which the server does not send'
const FAULTS: readonly (readonly [
  what: string,
  tls: (corp: Authority) => ServerTls,
  way: (trusting: Way) => Way,
  code: string,
  certificate: string,
  says: () => string,
  next: RegExp,
])[] = [
  [
    'a root that is not trusted',
    ({ good }) => good,
    () => DIRECT,
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    'Corp Issuing CA 2',
    () => 'the certificate "Corp Issuing CA 2" is signed by "Corp Root CA", which is not trusted here',
    /root "Corp Root CA" into a PEM file.*"caFile" or TABLEAU_CA_FILE/,
  ],
  [
    'a root that is sent and not trusted',
    ({ bad }) => bad.withRoot,
    () => DIRECT,
    'SELF_SIGNED_CERT_IN_CHAIN',
    'Corp Root CA',
    () => 'the root certificate "Corp Root CA", to which its chain leads, is not trusted here',
    /root "Corp Root CA" into a PEM file/,
  ],
  [
    'an authority between that is not sent',
    ({ bad }) => bad.alone,
    (trusting) => trusting,
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'tableau.corp',
    () =>
      `the certificate "tableau.corp" is signed by "Corp Issuing CA 2", which is not trusted here ${ONLY_HERE}`,
    /Put "Corp Issuing CA 2", and every authority above it.*have it send "Corp Issuing CA 2"/,
  ],
  [
    'a self-signed one',
    ({ selfSigned }) => selfSigned,
    (trusting) => trusting,
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'tableau.corp',
    () => 'the self-signed certificate "tableau.corp" is not trusted here',
    /SHA-256 ([0-9A-F]{2}:){31}[0-9A-F]{2}.*"caFile"/,
  ],
  [
    'an expired one',
    ({ bad }) => bad.expired,
    (trusting) => trusting,
    'CERT_HAS_EXPIRED',
    'tableau.corp',
    () => `the certificate "tableau.corp" expired on ${day(-2)}`,
    /renewed.*set this machine’s clock/,
  ],
  [
    'one of the future',
    ({ bad }) => bad.early,
    (trusting) => trusting,
    'CERT_NOT_YET_VALID',
    'tableau.corp',
    () => `the certificate "tableau.corp" is not valid before ${day(2)}`,
    /set this machine’s clock/,
  ],
  [
    'one for other hosts',
    ({ bad }) => bad.elsewhere,
    (trusting) => trusting,
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'tableau.corp',
    () => 'the certificate "tableau.corp" is for other.example.com, 10.1.2.3, not for 127.0.0.1',
    /names it is for/,
  ],
]

describe('examineTls', () => {
  it('reads a chain that is trusted', async () => {
    const { port } = await showing(corp.good)
    const report = await look(port)
    expect(report.problem).toBeUndefined()
    expect(report.protocol).toBe('TLSv1.3')
    expect(report.chain.map(({ subject, issuer, isSelfSigned }) => [subject, issuer, isSelfSigned])).toEqual([
      ['tableau.corp', 'Corp Issuing CA 2', false],
      ['Corp Issuing CA 2', 'Corp Root CA', false],
      ['Corp Root CA', 'Corp Root CA', true],
    ])
    const [own] = report.chain
    expect(own.names).toEqual(['127.0.0.1', 'localhost'])
    expect([own.validFrom, own.validTo].map((ms) => new Date(ms).toISOString().slice(0, 10))).toEqual([
      day(-1),
      day(365),
    ])
    expect(own.fingerprint).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/)
  })

  it('knows a server by its name as by its address', async () => {
    const { port, names } = await showing(corp.good)
    expect((await look(port, trusting, 'localhost')).problem).toBeUndefined()
    expect((await look(port, trusting, '127.0.0.1')).problem).toBeUndefined()
    expect(names).toEqual(['localhost'])
  })

  it.each(FAULTS)('names %s', async (_, tls, way, code, certificate, says, next) => {
    const { port } = await showing(tls(corp))
    const { problem } = await look(port, way(trusting))
    expect(problem).toMatchObject({ code, says: says(), next: expect.stringMatching(next) })
    expect(problem?.certificate.subject).toBe(certificate)
    expect(problem?.next).not.toMatch(/switch|disable|reject/i)
  })

  it('accepts a self-signed certificate that is trusted by name', async () => {
    const { port } = await showing(corp.selfSigned)
    const certificate = corp.selfSigned.cert
    expect((await look(port, { proxy: undefined, authorities: [certificate] })).problem).toBeUndefined()
  })

  it('sends nothing, and closes', async () => {
    const { port, got, ended } = await showing(corp.selfSigned)
    await look(port)
    await ended
    expect(got).toEqual([])
  })

  it('looks through the proxy', async () => {
    const { port } = await showing(corp.bad.expired)
    const proxy = await startProxy({ names: { 'tableau.corp.example': '127.0.0.1' } })
    const way = { ...trusting, proxy: { url: proxy.url } }
    const { problem } = await look(port, way, 'tableau.corp.example')
    expect(problem).toMatchObject({ code: 'CERT_HAS_EXPIRED' })
    expect(proxy.asked).toEqual([`tableau.corp.example:${port}`])
  })

  it('says that what answers speaks no TLS', async () => {
    const url = await serveRaw((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    await expect(look(Number(new URL(url).port))).rejects.toMatchObject({
      code: 'tls-failed',
      message: expect.stringMatching(/^127\.0\.0\.1:\d+: what answers there speaks no TLS/),
      next: expect.stringContaining('Check the port'),
    })
  })

  it('gives up on a server that says nothing', async () => {
    const url = await serveRaw(() => undefined)
    const target = { host: '127.0.0.1', port: Number(new URL(url).port), way: trusting, timeoutMs: 30 }
    await expect(examineTls(target)).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('no TLS after 0.03 seconds'),
    })
  })
})
