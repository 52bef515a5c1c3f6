import { buildConnector, type Dispatcher, Pool } from 'undici'
import { trustOptions } from './authorities.ts'
import { examineTls } from './certificate.ts'
import { networkFailure } from './failure.ts'
import { guardedLookup } from './lookup.ts'
import { explained } from './tls-report.ts'
import { tunnelThrough } from './tunnel.ts'
import { hostOf, type ProxyServer, portOf, type Target, type Way } from './way.ts'

/** Where connections lead, how many there may be, and how patient they are, in milliseconds. */
export interface DispatcherOptions {
  /** Scheme, host and port. */
  readonly origin: URL
  readonly way: Way
  readonly connections: number
  readonly timeouts: {
    /** For each step of the way: the connection, the proxy's answer, TLS. */
    readonly connect: number
    readonly headers: number
    /** Between two pieces of a body. */
    readonly idle: number
  }
}

type Connector = buildConnector.connector

/** What a connection that fails is to say: of TLS, which certificate it was. Any other failure goes on as it is. */
async function failureOf(thrown: Error, origin: URL, target: Target): Promise<Error> {
  const failure = networkFailure(thrown, origin.origin)
  if (failure.code !== 'tls-failed') return thrown
  return explained(failure, origin.origin, () => examineTls(target))
}

/** Connects directly, to no address that is never a server. */
const direct = (origin: URL, { way, timeoutMs }: Target): Connector =>
  buildConnector({
    timeout: timeoutMs,
    lookup: guardedLookup(origin.protocol === 'http:'),
    ...trustOptions(way.authorities),
  })

/** Connects through the proxy, which resolves the name, and speaks TLS with the host within that. */
function through(proxy: ProxyServer, target: Target): Connector {
  const secure = buildConnector({ timeout: target.timeoutMs, ...trustOptions(target.way.authorities) })
  return (options, callback) => {
    tunnelThrough(proxy, target).then(
      (httpSocket) => secure({ ...options, httpSocket }, callback),
      (thrown: unknown) => callback(networkFailure(thrown, options.hostname), null),
    )
  }
}

/** undici's own ProxyAgent tells a proxy's refusal by its words alone, and waits for its answer without a limit. */
function connectorTo(origin: URL, target: Target): Connector {
  const { proxy } = target.way
  const connect =
    proxy === undefined || origin.protocol === 'http:' ? direct(origin, target) : through(proxy, target)
  return (options, callback) => {
    const end = (failure: Error) => callback(failure, null)
    connect(options, (...[error, socket]) => {
      if (error === null) callback(null, socket)
      else failureOf(error, origin, target).then(end, end)
    })
  }
}

/**
 * Kept connections to one origin and to no other, whatever a request says, directly or through the proxy; plain http, which only loopback is spoken to, always
 * directly. HTTP/1.1, one request on a connection at a time. Requests reject with an AlmanacError when the proxy or TLS is
 * the cause (`proxy-refused`, `tls-failed`, `unreachable`), else with what undici throws: see `networkFailure`.
 */
export function openDispatcher({ origin, way, connections, timeouts }: DispatcherOptions): Dispatcher {
  const target = { host: hostOf(origin), port: portOf(origin), way, timeoutMs: timeouts.connect }
  return new Pool(origin, {
    connections,
    pipelining: 1,
    headersTimeout: timeouts.headers,
    bodyTimeout: timeouts.idle,
    connect: connectorTo(origin, target),
  })
}
