import { X509Certificate } from 'node:crypto'
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls'
import { AlmanacError } from '../core/errors.ts'
import { oneLine } from '../core/redact.ts'
import { type CertificateFacts, certificateFacts } from './certificate-facts.ts'

/** RFC 7468: labelled text, with whatever else around it. */
const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----/gs
const BEGIN = /-----BEGIN /g
const CERTIFICATE = /^(X509 )?CERTIFICATE$/

const NEXT =
  'Give a PEM file of certificates alone ("-----BEGIN CERTIFICATE-----"), one after another: the root that signed, and any authority between.'

const wrong = (what: string, next = NEXT): AlmanacError =>
  new AlmanacError('bad-configuration', what, { next })

function checked(pem: string, label: string, place: string): string {
  if (label.endsWith('PRIVATE KEY'))
    throw wrong(
      `${place} is a private key`,
      'Take the key out of the file: authorities are trusted by their certificates, and a key has no business there.',
    )
  if (!CERTIFICATE.test(label)) throw wrong(`${place} is a ${label}, which is no certificate`)
  try {
    return new X509Certificate(pem).toString()
  } catch (thrown) {
    const why = thrown instanceof Error ? oneLine(thrown.message, 100) : 'unknown'
    throw wrong(`${place} is a damaged certificate (${why})`)
  }
}

/** A certificate in DER, read as UTF-8, is full of what UTF-8 has no characters for. */
const noneIn = (text: string, place: string): AlmanacError =>
  text.includes('\ufffd') || text.includes('\0')
    ? wrong(
        `${place} holds no certificate in PEM, but binary data`,
        'Convert it: openssl x509 -inform der -in FILE -out FILE.pem',
      )
    : wrong(`${place} holds no certificate`)

/**
 * The certificates of a PEM bundle, each in PEM and each once. `place` is where it was read, as messages name it. Expired ones
 * are kept, because TLS judges them anew each time; `authorityFacts` tells.
 * Throws `bad-configuration`, naming place and block: no certificate, a damaged or cut one, a private key, anything else.
 */
export function readAuthorities(pem: string, place: string): readonly string[] {
  const blocks = [...pem.matchAll(BLOCK)]
  const begun = pem.match(BEGIN)?.length ?? 0
  if (begun === 0) throw noneIn(pem, place)
  const found = blocks.map(([text, label = ''], index) =>
    checked(text, label, `${place}, block ${index + 1} of ${begun},`),
  )
  if (found.length < begun) throw wrong(`${place} is cut: of ${begun} blocks, ${found.length} are whole`)
  return [...new Set(found)]
}

/** What each of these certificates says; `validTo` tells which have expired. */
export const authorityFacts = (authorities: readonly string[]): readonly CertificateFacts[] =>
  authorities.map((pem) => certificateFacts(new X509Certificate(pem)))

/**
 * What TLS is to be given as `ca`: Node's roots and these. Undefined when there are none, which leaves Node to its own.
 * Node forgets NODE_EXTRA_CA_CERTS when `ca` is given, so `openWay` counts what that holds among the authorities.
 */
export const trusted = (authorities: readonly string[]): string[] | undefined =>
  authorities.length === 0 ? undefined : [...rootCertificates, ...authorities]

/** How a TLS connection judges certificates. */
export interface TrustOptions {
  readonly rejectUnauthorized: true
  readonly secureContext?: SecureContext
}

/**
 * The authorities as options of a TLS connection. Made once for many connections: reading some 150 roots takes longer than
 * connecting. Checking is asked for by name, because NODE_TLS_REJECT_UNAUTHORIZED=0 switches it off where it is not.
 */
export function trustOptions(authorities: readonly string[]): TrustOptions {
  const ca = trusted(authorities)
  const rejectUnauthorized = true
  return ca === undefined
    ? { rejectUnauthorized }
    : { rejectUnauthorized, secureContext: createSecureContext({ ca }) }
}
