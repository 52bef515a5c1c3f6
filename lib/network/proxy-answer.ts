import { AlmanacError } from '../core/errors.ts'
import { type ProxyServer, proxyName } from './way.ts'

/** What a proxy answered when it was asked to lead somewhere. */
export interface ProxyAnswer {
  readonly proxy: ProxyServer
  /** `host:port` that it was to lead to. */
  readonly authority: string
  readonly status: number
  /** Its Proxy-Authenticate header; '' without one. */
  readonly challenge: string
}

/** The ways to say who one is that a proxy offers (RFC 9110, section 11.6.1): a name, alone or followed by parameters. */
const schemesOf = (challenge: string): readonly string[] => [
  ...new Set(
    [...challenge.matchAll(/(?:^|,)\s*([A-Za-z][A-Za-z0-9-]{1,20})(?=$|,|\s)(?!\s*=)/g)].map(
      ([, name = '']) => name,
    ),
  ),
]

interface Refusal {
  readonly what: string
  readonly next?: string
}

function unknownToProxy({ proxy, challenge }: ProxyAnswer): Refusal {
  const schemes = schemesOf(challenge)
  if (schemes.length > 0 && !schemes.some((name) => name.toLowerCase() === 'basic'))
    return {
      what: `takes ${schemes.join(' or ')} alone (407), which Almanac does not speak`,
      next: 'Have the proxy take a user and a password (Basic) from this machine, or run a small proxy beside Almanac that signs in to it.',
    }
  if (proxy.user !== undefined)
    return {
      what: 'refuses the user and password (407)',
      next: 'Correct "user" and "password" of "proxy" in the configuration, or those in HTTPS_PROXY; there, special characters are percent-encoded.',
    }
  return {
    what: 'asks for a user and a password (407)',
    next: 'Give "proxy" in the configuration a "user" and a "password", or put them into HTTPS_PROXY as http://user:password@host:port.',
  }
}

function refusalOf(answer: ProxyAnswer): Refusal {
  const { status, authority } = answer
  if (status === 407) return unknownToProxy(answer)
  if (status === 403)
    return {
      what: `refuses to lead to ${authority} (403)`,
      next: 'Have the proxy allow CONNECT to this host and port; NO_PROXY names hosts to reach without it.',
    }
  return { what: `answered ${status} to CONNECT ${authority}` }
}

/** What a proxy says when it is willing and the host is not there, or not at the moment. */
const GATEWAY = new Set([502, 503, 504])

/**
 * A proxy's refusal as our error, the status in `details.network` as `PROXY_407`. `proxy-refused`, or `unreachable` when
 * the proxy could not reach the host (502, 503, 504), which may pass.
 */
export function proxyRefusal(answer: ProxyAnswer): AlmanacError {
  const { proxy, authority, status } = answer
  const { what, next } = refusalOf(answer)
  const code = GATEWAY.has(status) ? 'unreachable' : 'proxy-refused'
  return new AlmanacError(code, `${authority}: ${proxyName(proxy)} ${what}`, {
    details: { network: `PROXY_${status}`, status },
    ...(next === undefined ? {} : { next }),
  })
}
