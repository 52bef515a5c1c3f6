import { X509Certificate } from 'node:crypto'
import type { Socket } from 'node:net'
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls'
import { AlmanacError } from '../core/errors.ts'
import { trustOptions } from './authorities.ts'
import { type CertificateFacts, certificateFacts } from './certificate-facts.ts'
import { openTls } from './socket.ts'
import { type TlsProblem, tlsProblem } from './tls-problem.ts'
import type { Target } from './way.ts'

/** What a server shows of itself over TLS. */
export interface TlsReport {
  /** As `TLSv1.3`. */
  readonly protocol: string
  /** The server's own certificate first, then who signed it, up to the last one that it sends or that is known here. */
  readonly chain: readonly [CertificateFacts, ...CertificateFacts[]]
  /** Undefined: it is trusted. */
  readonly problem: TlsProblem | undefined
}

/** No chain is longer; one that goes round in a circle is. */
const LONGEST_CHAIN = 20

function shownChain(leaf: DetailedPeerCertificate): CertificateFacts[] {
  const chain: CertificateFacts[] = []
  const seen = new Set<string>()
  let next: DetailedPeerCertificate | undefined = leaf
  while (next?.raw !== undefined && !seen.has(next.fingerprint256) && chain.length < LONGEST_CHAIN) {
    seen.add(next.fingerprint256)
    chain.push(certificateFacts(new X509Certificate(next.raw)))
    next = next.issuerCertificate
  }
  return chain
}

function reportOf(socket: TLSSocket, host: string): TlsReport {
  const [first, ...others] = shownChain(socket.getPeerCertificate(true))
  if (first === undefined) throw new AlmanacError('tls-failed', `${host} shows no certificate`)
  const chain: TlsReport['chain'] = [first, ...others]
  // Node's types call it an Error; it is the code of one.
  const code = String(socket.authorizationError)
  return {
    protocol: socket.getProtocol() ?? 'unknown',
    chain,
    problem: socket.authorized ? undefined : tlsProblem({ code, chain, host, now: Date.now() }),
  }
}

/**
 * Reads the chain that a server shows over a connection opened for that alone: nothing is ever sent on it, and it is
 * destroyed as soon as the chain is read. That is why checking may be left to us here, and nowhere else.
 * Throws what `openTls` throws when no TLS comes about.
 */
export async function examineOver(
  socket: Socket,
  at: Pick<Target, 'host' | 'timeoutMs'>,
  authorities: readonly string[],
): Promise<TlsReport> {
  try {
    const secured = await openTls(socket, at, { ...trustOptions(authorities), rejectUnauthorized: false })
    try {
      return reportOf(secured, at.host)
    } finally {
      secured.destroy()
    }
  } finally {
    socket.destroy()
  }
}

/**
 * A failure of TLS that says which certificate failed, by an examination; any other failure as it is. When the examination
 * itself fails, or finds nothing wrong, the first failure stands: it is the one that happened.
 */
export async function explained(
  failure: AlmanacError,
  place: string,
  examine: () => Promise<TlsReport>,
): Promise<AlmanacError> {
  if (failure.code !== 'tls-failed') return failure
  const problem = await examine().then(
    (report) => report.problem,
    () => undefined,
  )
  if (problem === undefined) return failure
  return new AlmanacError('tls-failed', `${place}: ${problem.says} (${problem.code})`, {
    next: problem.next,
    details: { ...failure.details, network: problem.code, certificate: problem.certificate.subject },
  })
}
