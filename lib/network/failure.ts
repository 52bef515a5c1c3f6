import { AlmanacError, type ErrorCode } from '../core/errors.ts'
import { oneLine } from '../core/redact.ts'
import { type ProxyServer, proxyName, type Way } from './way.ts'

type Meaning = readonly [code: ErrorCode, what: string, next?: string]

const NO_TLS = 'Check the port, and that https is spoken there.'
const OLD_TLS = 'Let the server speak TLS 1.2 or newer.'
const CLIENT_CERTIFICATE =
  'Let the server, or what stands before it, take Almanac without a certificate of its own; it signs in with its token.'

/** Failures of the network by their code (Node's, undici's and zlib's documentation), in words. */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  ENOTFOUND: ['unreachable', 'no such host name'],
  EAI_AGAIN: ['unreachable', 'the name server did not answer'],
  ECONNREFUSED: ['unreachable', 'nothing listens there'],
  EHOSTUNREACH: ['unreachable', 'no way to that host'],
  ENETUNREACH: ['unreachable', 'no way to that network'],
  ECONNRESET: ['unreachable', 'the connection was reset'],
  EPIPE: ['unreachable', 'the connection was closed'],
  ETIMEDOUT: ['unreachable', 'the connection timed out'],
  UND_ERR_SOCKET: ['unreachable', 'the connection was closed'],
  UND_ERR_CONNECT_TIMEOUT: ['unreachable', 'no connection in time'],
  UND_ERR_HEADERS_TIMEOUT: ['unreachable', 'no answer in time'],
  UND_ERR_BODY_TIMEOUT: ['unreachable', 'the answer stalled'],
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: [
    'malformed-response',
    'the answer is shorter or longer than it announced',
  ],
  UND_ERR_HEADERS_OVERFLOW: ['response-too-large', 'its headers are too large'],
  EPROTO: ['tls-failed', 'no TLS connection', NO_TLS],
  ERR_SSL_WRONG_VERSION_NUMBER: ['tls-failed', 'what answers there speaks no TLS', NO_TLS],
  ERR_SSL_PACKET_LENGTH_TOO_LONG: ['tls-failed', 'what answers there speaks no TLS', NO_TLS],
  ERR_SSL_UNSUPPORTED_PROTOCOL: ['tls-failed', 'its TLS is too old', OLD_TLS],
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: ['tls-failed', 'its TLS is too old', OLD_TLS],
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: [
    'tls-failed',
    'it wants a certificate from us',
    CLIENT_CERTIFICATE,
  ],
}

/** Failures that pass by themselves; the rest of `unreachable` does so only when the server was there before. */
const PASSING = new Set([
  'EAI_AGAIN',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'UND_ERR_SOCKET',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'DEADLINE',
  'PROXY_502',
  'PROXY_503',
  'PROXY_504',
])

/** Whether a network failure with this code may be gone a moment later. */
export const isPassing = (networkCode: string): boolean => PASSING.has(networkCode)

/** Node names certificate problems in many ways, all of which its TLS documentation lists under these words. */
const TLS =
  /^(ERR_TLS_|ERR_SSL_|CERT_|CRL_|DEPTH_ZERO_SELF_SIGNED|SELF_SIGNED_CERT|UNABLE_TO_|INVALID_CA|INVALID_PURPOSE|HOSTNAME_MISMATCH|ERROR_IN_CERT|ERROR_IN_CRL)/

/**
 * OpenSSL's own line (its manual, ERR_error_string) has a thread's number, names of functions and the path of its source
 * on the machine that built Node; its fourth field alone is for people.
 */
const OPENSSL = /(?:\w+ EPROTO )?[0-9A-F]+:error:[0-9A-F]+:[^:]*:[^:]*:([^:]*):(?:[a-z]:)?[^:]*:\d+:/i

/** The name that Node gives to what OpenSSL said, for errors that are called EPROTO alone. */
function namedByOpenssl(message: string): string | undefined {
  const reason = OPENSSL.exec(message)?.[1]
  return reason === undefined ? undefined : `ERR_SSL_${reason.toUpperCase().replaceAll(' ', '_')}`
}

function meaningOf(code: string, message: string): Meaning | undefined {
  const known = MEANINGS[namedByOpenssl(message) ?? code] ?? MEANINGS[code]
  if (known !== undefined) return known
  if (TLS.test(code)) return ['tls-failed', 'its certificate or its TLS is not accepted']
  if (code.startsWith('HPE_') || code === 'HTTPParserError')
    return ['malformed-response', 'the answer breaks the rules of HTTP']
  if (code.startsWith('Z_')) return ['malformed-response', 'the compressed answer is cut or damaged']
  return undefined
}

/** The HTTP parser's errors come without a code, so the name stands in. */
const codeOf = (error: Error): string =>
  'code' in error && typeof error.code === 'string' && error.code !== '' ? error.code : error.name

/** What happened before a connection stood: looking up the name, or the connection itself. */
function isBeforeConnection(error: Error): boolean {
  const first = error instanceof AggregateError && error.errors[0] instanceof Error ? error.errors[0] : error
  const call = 'syscall' in first ? first.syscall : undefined
  return call === 'connect' || call === 'getaddrinfo'
}

/** A host with several addresses fails with an error for each, and no words of its own. */
function wordsOf(error: Error): string {
  const words = error instanceof AggregateError ? error.errors.map(String).join('; ') : error.message
  return oneLine(words.replace(OPENSSL, '$1 '), 200)
}

/** The proxy is the only host that is connected to when there is one. */
const proxyUnreachable = (proxy: ProxyServer, place: string, what: string, network: string): AlmanacError =>
  new AlmanacError('unreachable', `${place}: ${proxyName(proxy)} cannot be reached: ${what} (${network})`, {
    next: 'Check the proxy’s address in the configuration ("proxy") or in HTTPS_PROXY, and that this machine may reach it.',
    details: { network },
  })

/**
 * A failure of the network, of TLS or of decompression as our error, its code in `details.network`.
 * The original is not kept as the cause: some carry whole certificates or pieces of what the server sent.
 * An error that is ours already (as a refused address) comes back as it is; an unknown one becomes `unreachable`.
 * With a proxy in `way`, a connection that never stood is one to the proxy, and named so.
 */
export function networkFailure(thrown: unknown, place: string, way?: Pick<Way, 'proxy'>): AlmanacError {
  if (thrown instanceof AlmanacError) return thrown
  const error = thrown instanceof Error ? thrown : new Error(String(thrown))
  if (error.cause instanceof AlmanacError) return error.cause
  const network = codeOf(error)
  const [code, what, next] = meaningOf(network, error.message) ?? ['unreachable', 'the connection failed']
  if (way?.proxy !== undefined && isBeforeConnection(error))
    return proxyUnreachable(way.proxy, place, what, network)
  const cause = new Error(wordsOf(error))
  return new AlmanacError(code, `${place}: ${what} (${network}: ${cause.message})`, {
    cause,
    details: { network },
    ...(next === undefined ? {} : { next }),
  })
}

/** The error of a call that took longer than a whole call may. */
export const deadlinePassed = (place: string, milliseconds: number): AlmanacError =>
  new AlmanacError(
    'unreachable',
    `${place}: the answer was not complete after ${milliseconds / 1000} seconds`,
    { details: { network: 'DEADLINE' } },
  )
