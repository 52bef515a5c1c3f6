import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { connect as tls } from 'node:tls'
import { describe, expect, it, onTestFinished } from 'vitest'
import { AlmanacError, type ErrorCode } from '../../lib/core/errors.ts'
import { secretOf } from '../../lib/core/secret.ts'
import { networkFailure } from '../../lib/network/failure.ts'

const failing = (code: string, message = 'as the library says'): Error =>
  Object.assign(new Error(message), { code })

const CODES: readonly (readonly [network: string, code: ErrorCode])[] = [
  ['ENOTFOUND', 'unreachable'],
  ['EAI_AGAIN', 'unreachable'],
  ['ECONNREFUSED', 'unreachable'],
  ['EHOSTUNREACH', 'unreachable'],
  ['ECONNRESET', 'unreachable'],
  ['EPIPE', 'unreachable'],
  ['UND_ERR_CONNECT_TIMEOUT', 'unreachable'],
  ['UND_ERR_SOCKET', 'unreachable'],
  ['SOMETHING_NEW', 'unreachable'],
  ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'malformed-response'],
  ['UND_ERR_HEADERS_OVERFLOW', 'response-too-large'],
  ['HPE_INVALID_CONSTANT', 'malformed-response'],
  ['Z_BUF_ERROR', 'malformed-response'],
  ['CERT_HAS_EXPIRED', 'tls-failed'],
  ['CERT_NOT_YET_VALID', 'tls-failed'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls-failed'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'tls-failed'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls-failed'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'tls-failed'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls-failed'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'tls-failed'],
  ['EPROTO', 'tls-failed'],
]

describe('networkFailure', () => {
  it.each(CODES)('%s is %s', (network, code) => {
    const error = networkFailure(failing(network), 'GET https://host/x')
    expect(error).toMatchObject({ code, details: { network } })
    expect(error.message).toMatch(/^GET https:\/\/host\/x: .*as the library says/)
  })

  it.each([
    [
      'wrong version number:../deps/openssl/openssl/ssl/record/ssl3_record.c:350:\n',
      'what answers there speaks no TLS (EPROTO: wrong version number)',
    ],
    [
      'sslv3 alert handshake failure:../deps/openssl/openssl/ssl/record/rec_layer_s3.c:1605:SSL alert number 40\n',
      'no TLS connection (EPROTO: sslv3 alert handshake failure SSL alert number 40)',
    ],
    [
      'tlsv1 alert protocol version:C:\\ws\\deps\\openssl\\rec_layer_s3.c:1605:\n',
      'its TLS is too old (EPROTO: tlsv1 alert protocol version)',
    ],
  ])('tells of what OpenSSL says the reason alone: %j', (said, words) => {
    const line = `write EPROTO 80CC0F81787F0000:error:0A00010B:SSL routines:ssl3_get_record:${said}`
    expect(networkFailure(failing('EPROTO', line), 'x')).toMatchObject({
      code: 'tls-failed',
      message: `x: ${words}`,
      details: { network: 'EPROTO' },
    })
  })

  it('tells of plain http where TLS was spoken, without a path of whoever built Node', async () => {
    const server = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    await once(server.listen(0, '127.0.0.1'), 'listening')
    onTestFinished(() => void server.close())
    const { port } = server.address() as AddressInfo
    const thrown = await new Promise((resolve) => tls({ port, host: '127.0.0.1' }).once('error', resolve))
    const { message, stack, cause } = networkFailure(thrown, 'x')
    expect(message).toMatch(/^x: what answers there speaks no TLS \(\w+: wrong version number\)$/)
    expect(`${message}${stack}${cause}`).not.toMatch(/openssl|error:0A/)
  })

  it('keeps no property of the original', () => {
    const original = Object.assign(failing('ERR_TLS_CERT_ALTNAME_INVALID'), { cert: { subject: 'CN=host' } })
    const error = networkFailure(original, 'GET https://host/x')
    expect(error.cause).toBeInstanceOf(Error)
    expect(error.cause).not.toHaveProperty('cert')
  })

  it('leaves our own errors alone, also beneath a foreign one', () => {
    const own = new AlmanacError('forbidden-address', 'no')
    expect([networkFailure(own, 'x'), networkFailure(new Error('outer', { cause: own }), 'x')]).toEqual([
      own,
      own,
    ])
  })

  it('names every address that a host was tried at', () => {
    const tried = ['::1', '127.0.0.1'].map((address) =>
      Object.assign(new Error(`connect ECONNREFUSED ${address}:80`), { syscall: 'connect' }),
    )
    const error = networkFailure(Object.assign(new AggregateError(tried), { code: 'ECONNREFUSED' }), 'x')
    expect(error.message).toMatch(/nothing listens there \(ECONNREFUSED: .*::1:80.*127\.0\.0\.1:80/)
  })

  it('makes sense of what is no error', () => {
    expect(networkFailure('odd', 'GET https://host/x')).toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('odd'),
    })
  })
})

const WAY = {
  proxy: { url: 'http://svc:canary@proxy.example:3128/path', user: 'svc', password: secretOf('canary') },
}
const during = (syscall: string, code: string): Error => Object.assign(failing(code), { syscall })

describe('a failure behind a proxy', () => {
  it.each([
    ['ECONNREFUSED', 'connect', 'nothing listens there'],
    ['EHOSTUNREACH', 'connect', 'no way to that host'],
    ['ENOTFOUND', 'getaddrinfo', 'no such host name'],
  ])('%s in %s is the proxy’s', (code, syscall, what) => {
    const error = networkFailure(during(syscall, code), 'GET https://host/x', WAY)
    expect(error).toMatchObject({
      code: 'unreachable',
      message: `GET https://host/x: the proxy http://proxy.example:3128 cannot be reached: ${what} (${code})`,
      details: { network: code },
      next: expect.stringContaining('HTTPS_PROXY'),
    })
    expect(JSON.stringify([error, error.message])).not.toContain('canary')
  })

  it.each([
    ['ECONNRESET', 'read'],
    ['EPIPE', 'write'],
  ])('%s in %s is somebody’s on the way', (code, syscall) => {
    expect(networkFailure(during(syscall, code), 'x', WAY).message).not.toContain('proxy')
  })
})
