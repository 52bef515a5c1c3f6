import type { CertificateFacts } from './certificate-facts.ts'

/** Why a chain of certificates is not accepted: which certificate failed, in words, and what to do. */
export interface TlsProblem {
  /** Node's name of it, as `CERT_HAS_EXPIRED`. */
  readonly code: string
  readonly certificate: CertificateFacts
  /** Goes on a sentence that began with the server: `the certificate "X" expired on 2026-01-02`. */
  readonly says: string
  readonly next: string
}

/** A chain that was shown, the server's own certificate first, and the moment at which it was looked at. */
export interface ShownChain {
  readonly code: string
  readonly chain: readonly [CertificateFacts, ...CertificateFacts[]]
  /** The name or address that was asked for. */
  readonly host: string
  /** Milliseconds since 1970. */
  readonly now: number
}

const MOST_NAMES = 5

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10)
const called = ({ subject }: CertificateFacts): string => `the certificate "${subject}"`
const trustBy = (what: string): string =>
  `Put ${what} into a PEM file and name that in "caFile" or TABLEAU_CA_FILE.`

type Judge = (shown: ShownChain) => Omit<TlsProblem, 'code'>

const expired: Judge = ({ chain, now }) => {
  const certificate = chain.find(({ validTo }) => validTo < now) ?? chain[0]
  const says = `${called(certificate)} expired on ${dayOf(certificate.validTo)}`
  return {
    certificate,
    says,
    next: `Have it renewed by those who run the server; if today is not ${dayOf(now)}, set this machine’s clock.`,
  }
}

const notYetValid: Judge = ({ chain, now }) => {
  const certificate = chain.find(({ validFrom }) => validFrom > now) ?? chain[0]
  const says = `${called(certificate)} is not valid before ${dayOf(certificate.validFrom)}`
  return {
    certificate,
    says,
    next: `If today is not ${dayOf(now)}, set this machine’s clock; else have the certificate replaced by one that is valid.`,
  }
}

function namesOf({ names, subject }: CertificateFacts): string {
  if (names.length === 0) return subject
  const more = names.length - MOST_NAMES
  return `${names.slice(0, MOST_NAMES).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

const wrongHost: Judge = ({ chain: [certificate], host }) => ({
  certificate,
  says: `${called(certificate)} is for ${namesOf(certificate)}, not for ${host}`,
  next: `Use one of the names it is for as the address, or have a certificate issued for ${host}.`,
})

const selfSigned: Judge = ({ chain: [certificate] }) => ({
  certificate,
  says: `the self-signed certificate "${certificate.subject}" is not trusted here`,
  next: trustBy(
    `that certificate (SHA-256 ${certificate.fingerprint}, to be compared with the server’s own)`,
  ),
})

const untrustedRoot: Judge = ({ chain }) => {
  const certificate = chain.at(-1) ?? chain[0]
  return {
    certificate,
    says: `the root certificate "${certificate.subject}", to which its chain leads, is not trusted here`,
    next: trustBy(`the root "${certificate.subject}"`),
  }
}

/** With a server's certificate alone, its issuer may be a root that is unknown here, or an authority that was left out. */
const unknownIssuer: Judge = ({ chain }) => {
  const certificate = chain.at(-1) ?? chain[0]
  const { issuer } = certificate
  const signed = `${called(certificate)} is signed by "${issuer}", which is not trusted here`
  if (chain.length > 1) return { certificate, says: signed, next: trustBy(`the root "${issuer}"`) }
  return {
    certificate,
    says: `${signed} and which the server does not send`,
    next: `${trustBy(`"${issuer}", and every authority above it up to the root,`)} If the server is yours, have it send "${issuer}" with its certificate.`,
  }
}

const notAccepted: Judge = ({ chain: [certificate] }) => ({
  certificate,
  says: `${called(certificate)} is not accepted`,
  next: 'Have those who run the server look at its certificate: the code in this message says what is wrong with it.',
})

/** The verification's outcomes (Node.js documentation, TLS, "X509 certificate error codes"). */
const JUDGES: Readonly<Record<string, Judge>> = {
  CERT_HAS_EXPIRED: expired,
  CERT_NOT_YET_VALID: notYetValid,
  ERR_TLS_CERT_ALTNAME_INVALID: wrongHost,
  HOSTNAME_MISMATCH: wrongHost,
  DEPTH_ZERO_SELF_SIGNED_CERT: selfSigned,
  SELF_SIGNED_CERT_IN_CHAIN: untrustedRoot,
  UNABLE_TO_GET_ISSUER_CERT: unknownIssuer,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownIssuer,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownIssuer,
}

/** What is wrong with a chain that was not accepted. */
export function tlsProblem(shown: ShownChain): TlsProblem {
  const judge = JUDGES[shown.code] ?? notAccepted
  return { code: shown.code, ...judge(shown) }
}
