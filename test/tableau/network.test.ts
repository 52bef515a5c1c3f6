import { describe, expect, it } from 'vitest'
import { AlmanacError, type ErrorCode } from '../../lib/core/errors.ts'
import { networkFailure } from '../../lib/tableau/network.ts'

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

  it('makes sense of what is no error', () => {
    expect(networkFailure('odd', 'GET https://host/x')).toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('odd'),
    })
  })
})
