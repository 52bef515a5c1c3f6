import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls'
import { HttpsProxyAgent } from 'https-proxy-agent'
import type { ProxyServer, Way } from '../../network/way.ts'

/** Connections that one client keeps at most, and so calls in flight. */
export const CONNECTIONS = 50
const CONNECT_MS = 10_000
/** Without a byte in either direction. */
const IDLE_MS = 60_000

/** What an AWS client is given as its `requestHandler`. */
export interface Connections {
  readonly connectionTimeout: number
  readonly socketTimeout: number
  readonly httpAgent: HttpAgent
  readonly httpsAgent: HttpAgent
}

/** Read once: with some 150 roots, it takes longer than a request. Undefined: Node's own, as it stands. */
const trusted = (authorities: readonly string[]): SecureContext | undefined =>
  authorities.length === 0
    ? undefined
    : createSecureContext({ ca: [...rootCertificates, ...authorities], minVersion: 'TLSv1.2' })

/** The header that says who we are to the proxy (RFC 7617), made for each connection and kept nowhere. */
function proxyHeaders({ user, password }: ProxyServer): Record<string, string> {
  if (user === undefined) return {}
  const credentials = Buffer.from(`${user}:${password?.reveal() ?? ''}`).toString('base64')
  return { 'Proxy-Authorization': `Basic ${credentials}` }
}

/** What an agent of Node is told. */
interface AgentSettings {
  readonly keepAlive: true
  readonly rejectUnauthorized: true
  readonly maxSockets: number
  readonly secureContext?: SecureContext
}

function tunnelThrough(proxy: ProxyServer, settings: AgentSettings, protocol: 'http:' | 'https:'): HttpAgent {
  const tunnel = new HttpsProxyAgent(proxy.url, { ...settings, headers: () => proxyHeaders(proxy) })
  // What it was made with counts on the way to the proxy alone; this, for the host behind it. Without the protocol it
  // does not recognise the connections that it kept.
  Object.assign(tunnel.options, settings, { protocol })
  return tunnel
}

/** Kept connections by this way: 10 seconds to connect, 60 without a byte. */
export function connectionsBy({ proxy, authorities }: Way): Connections {
  const secureContext = trusted(authorities)
  const settings: AgentSettings = {
    keepAlive: true,
    // Said outright, so that NODE_TLS_REJECT_UNAUTHORIZED changes nothing.
    rejectUnauthorized: true,
    maxSockets: CONNECTIONS,
    ...(secureContext === undefined ? {} : { secureContext }),
  }
  const timeouts = { connectionTimeout: CONNECT_MS, socketTimeout: IDLE_MS }
  if (proxy === undefined)
    return { ...timeouts, httpAgent: new HttpAgent(settings), httpsAgent: new HttpsAgent(settings) }
  return {
    ...timeouts,
    httpAgent: tunnelThrough(proxy, settings, 'http:'),
    httpsAgent: tunnelThrough(proxy, settings, 'https:'),
  }
}
