import type { X509Certificate } from 'node:crypto'
import { oneLine } from '../core/redact.ts'

/** What a certificate says. Times in milliseconds since 1970. */
export interface CertificateFacts {
  /** The common name, else the whole distinguished name. */
  readonly subject: string
  readonly issuer: string
  /** The host names and IP addresses that it is for; none for an authority's. */
  readonly names: readonly string[]
  readonly validFrom: number
  readonly validTo: number
  /** SHA-256 of the certificate, in hex with colons, as browsers and openssl show it. */
  readonly fingerprint: string
  /** It is its own issuer: a root, or a certificate that nobody vouches for. */
  readonly isSelfSigned: boolean
}

const LONGEST_NAME = 100

/** Whoever made the certificate wrote its names, so they are cut and kept on one line. */
function nameOf(distinguishedName: string): string {
  const common = /^CN=(.+)$/m.exec(distinguishedName)?.[1]
  return oneLine(common ?? distinguishedName.replaceAll('\n', ', '), LONGEST_NAME)
}

/** Node writes `DNS:a.example, DNS:*.b.example, IP Address:10.0.0.1`; other kinds of names are not for hosts. */
function hostNames(alternatives: string | undefined): readonly string[] {
  const found = (alternatives ?? '').matchAll(/(?:^|, )(?:DNS|IP Address):([^,"]+)/g)
  return [...found].map(([, name = '']) => oneLine(name, LONGEST_NAME))
}

/** The facts of a certificate. */
export function certificateFacts(certificate: X509Certificate): CertificateFacts {
  return {
    subject: nameOf(certificate.subject),
    issuer: nameOf(certificate.issuer),
    names: hostNames(certificate.subjectAltName),
    validFrom: Date.parse(certificate.validFrom),
    validTo: Date.parse(certificate.validTo),
    fingerprint: certificate.fingerprint256,
    isSelfSigned: certificate.checkIssued(certificate),
  }
}
