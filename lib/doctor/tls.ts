import { authorityFacts } from '../network/authorities.ts'
import { examineTls } from '../network/certificate.ts'
import type { CertificateFacts } from '../network/certificate-facts.ts'
import type { TlsReport } from '../network/tls-report.ts'
import { authorityOf } from '../network/way.ts'
import { fail, needless, ok, type Step, warn } from './check.ts'
import { limited } from './limit.ts'
import type { Destination, FoundWay } from './network.ts'
import type { DoctorPorts } from './subject.ts'

const DAY = 86_400_000
/** Renewing a certificate takes people some weeks. */
const SOON_DAYS = 30

const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10)

/** The certificate of a chain that ends first. */
const firstToEnd = ({ chain: [leaf, ...others] }: TlsReport): CertificateFacts =>
  others.reduce((first, each) => (each.validTo < first.validTo ? each : first), leaf)

/** An authority of the CA file that helps nobody any more. */
const endedOf = (caFile: readonly string[], now: number): CertificateFacts | undefined =>
  authorityFacts(caFile).find(({ validTo }) => validTo < now)

const RENEW = 'Have it renewed by those who run the server, before that day.'
const REPLACE = 'Replace it in the CA file; it vouches for nothing any more.'

/** What to say of a chain that is trusted, at this time in ms. */
function trustedChain(
  report: TlsReport,
  found: FoundWay,
  caFile: readonly string[],
  now: number,
): Step<FoundWay> {
  const first = firstToEnd(report)
  const left = Math.floor((first.validTo - now) / DAY)
  const [leaf] = report.chain
  const until = `"${first.subject}" expires in ${left} days, on ${dayOf(first.validTo)}`
  const says = `${report.protocol}, "${leaf.subject}" by "${leaf.issuer}"; ${until}`
  const old = endedOf(caFile, now)
  const all =
    old === undefined ? says : `${says}; in the CA file "${old.subject}" expired on ${dayOf(old.validTo)}`
  if (left < SOON_DAYS) return warn('tls', all, RENEW, found)
  return old === undefined ? ok('tls', all, found) : warn('tls', all, REPLACE, found)
}

/** Whether the connection is encrypted under a certificate that is trusted here, and for how long. */
export async function tls(to: Destination, found: FoundWay, ports: DoctorPorts): Promise<Step<FoundWay>> {
  if (!to.isTls) return needless('tls', 'plain http, to this machine alone', found)
  const { found: caFile } = found.caFile
  if (caFile === undefined) return { ...found.caFile, found: undefined }
  const target = { ...to, way: found.way }
  // Through a proxy: its connection, its TLS, its answer, and then the server's TLS.
  const report = await limited(authorityOf(to), 4 * to.timeoutMs + 1000, ports, () => examineTls(target))
  const { problem } = report
  if (problem === undefined) return trustedChain(report, found, caFile, ports.clock.now())
  return fail('tls', `${report.protocol}: ${problem.says} (${problem.code})`, problem.next)
}
