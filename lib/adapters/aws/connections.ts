import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type { TLSSocket } from 'node:tls'
import { AlmanacError } from '../../core/errors.ts'
import { type TrustOptions, trustOptions } from '../../network/authorities.ts'
import { isPassing } from '../../network/failure.ts'
import { openTls } from '../../network/socket.ts'
import { tunnelThrough } from '../../network/tunnel.ts'
import type { ProxyServer, Target, Way } from '../../network/way.ts'

/** Connections that one client keeps at most, and so calls in flight. */
export const CONNECTIONS = 50
/** For each step of a connection. */
const CONNECT_MS = 10_000
/** Without a byte in either direction. */
const IDLE_MS = 60_000

/** What an AWS client is given as its `requestHandler`. */
export interface Connections {
  readonly connectionTimeout: number
  readonly socketTimeout: number
  readonly httpAgent: HttpAgent
  readonly httpsAgent: HttpsAgent
}

/** TLS with a host behind a proxy. Throws what `tunnelThrough` and `openTls` throw. */
async function openBehind(proxy: ProxyServer, to: Target, trust: TrustOptions): Promise<TLSSocket> {
  const tunnel = await tunnelThrough(proxy, to)
  try {
    return await openTls(tunnel, to, trust)
  } catch (thrown) {
    tunnel.destroy()
    throw thrown
  }
}

/** An error of ours as AWS's library takes it: it repeats what is marked so, and `faultOf` finds ours as the cause. */
function forLibrary(thrown: unknown): Error {
  if (!(thrown instanceof AlmanacError)) return thrown instanceof Error ? thrown : new Error(String(thrown))
  const error = new Error(thrown.message, { cause: thrown })
  const passes = isPassing(String(thrown.details['network']))
  return passes ? Object.assign(error, { $retryable: { throttling: false } }) : error
}

/** An agent whose connections lead through a proxy, each of their steps with a limit. */
function agentBehind(
  proxy: ProxyServer,
  way: Way,
  settings: TrustOptions & { readonly keepAlive: true },
  timeoutMs: number,
): HttpsAgent {
  const createConnection: HttpsAgent['createConnection'] = ({ host, port }, callback) => {
    const to = { host: host ?? '', port: Number(port), way, timeoutMs }
    // Node's own type has no room for an error without a connection.
    const answer = callback as ((error: Error | null, socket?: TLSSocket) => void) | undefined
    openBehind(proxy, to, settings).then(
      (socket) => answer?.(null, socket),
      (thrown: unknown) => answer?.(forLibrary(thrown)),
    )
    return undefined
  }
  return Object.assign(new HttpsAgent(settings), { createConnection })
}

/**
 * Kept connections by this way: 10 seconds for each step until they stand, unless said otherwise, and 60 without a byte.
 * One that waits for its next request does not keep the process from ending. Plain http never leads through the proxy,
 * which sees all of it: HTTPS_PROXY is for https alone.
 */
export function connectionsBy(way: Way, connectMs: number = CONNECT_MS): Connections {
  const settings = { keepAlive: true, maxSockets: CONNECTIONS, ...trustOptions(way.authorities) } as const
  const { proxy } = way
  return {
    // 0 is none: the steps through a proxy have their own, and the library's would outlive a connection that failed.
    connectionTimeout: proxy === undefined ? connectMs : 0,
    socketTimeout: IDLE_MS,
    httpAgent: new HttpAgent({ keepAlive: true, maxSockets: CONNECTIONS }),
    httpsAgent: proxy === undefined ? new HttpsAgent(settings) : agentBehind(proxy, way, settings, connectMs),
  }
}
