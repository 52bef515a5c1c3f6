import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import type { Socket } from 'node:net'
import { AlmanacError, isError } from '../core/errors.ts'
import { trustOptions } from './authorities.ts'
import { networkFailure } from './failure.ts'
import { proxyRefusal } from './proxy-answer.ts'
import { openTcp, openTls } from './socket.ts'
import { examineOver, explained } from './tls-report.ts'
import { authorityOf, hostOf, type ProxyServer, portOf, proxyName, type Target } from './way.ts'

/** Who we are to the proxy (RFC 7617), made for each tunnel and kept nowhere. */
function credentialsOf({ user, password }: ProxyServer): Record<string, string> {
  if (user === undefined) return {}
  const credentials = Buffer.from(`${user}:${password?.reveal() ?? ''}`).toString('base64')
  return { 'proxy-authorization': `Basic ${credentials}` }
}

/** A connection to the proxy itself; over TLS when its URL says so. */
async function openProxy(proxy: ProxyServer, { way: { authorities }, ...to }: Target): Promise<Socket> {
  const url = new URL(proxy.url)
  const at = { host: hostOf(url), port: portOf(url), timeoutMs: to.timeoutMs }
  const open = () =>
    openTcp(at).catch((thrown) => {
      throw networkFailure(thrown, authorityOf(to), { proxy })
    })
  const socket = await open()
  if (url.protocol === 'http:') return socket
  return openTls(socket, at, trustOptions(authorities)).catch(async (thrown) => {
    const place = `${authorityOf(to)}: ${proxyName(proxy)}`
    throw await explained(networkFailure(thrown, place), place, async () =>
      examineOver(await open(), at, authorities),
    )
  })
}

const slow = (proxy: ProxyServer, { timeoutMs, ...to }: Target): AlmanacError =>
  new AlmanacError(
    'unreachable',
    `${authorityOf(to)}: ${proxyName(proxy)} did not answer CONNECT within ${timeoutMs / 1000} seconds`,
    { details: { network: 'ETIMEDOUT' } },
  )

/** What ended the asking without an answer. An answer that is no HTTP is a proxy of another kind, or no proxy. */
function unanswered(thrown: Error, proxy: ProxyServer, authority: string): AlmanacError {
  const failure = networkFailure(thrown, `${authority}: ${proxyName(proxy)}`)
  if (!isError(failure, 'malformed-response', 'response-too-large')) return failure
  return new AlmanacError('proxy-refused', `${failure.message}: it is no HTTP proxy`, {
    next: 'Check the proxy’s port, and whether its address begins with http:// or https://.',
    details: failure.details,
  })
}

interface Answered {
  readonly response: IncomingMessage
  /** What came right behind the answer. */
  readonly head: Buffer
}

/** Sends the CONNECT. Node gives every answer to it, whatever its status, as the event of the same name. */
function answerTo(asking: ClientRequest, late: () => AlmanacError, timeoutMs: number): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => asking.destroy(late()), timeoutMs)
    asking.once('connect', (response, _, head) => {
      clearTimeout(timer)
      resolve({ response, head })
    })
    asking.once('error', (error) => {
      clearTimeout(timer)
      reject(error)
    })
    asking.end()
  })
}

async function ask(proxy: ProxyServer, socket: Socket, to: Target): Promise<void> {
  const authority = authorityOf(to)
  const headers = { host: authority, 'user-agent': 'almanac', ...credentialsOf(proxy) }
  const asking = request({ method: 'CONNECT', path: authority, headers, createConnection: () => socket })
  const { response, head } = await answerTo(asking, () => slow(proxy, to), to.timeoutMs).catch((thrown) => {
    throw unanswered(thrown, proxy, authority)
  })
  const { statusCode: status = 0, headers: answered } = response
  if (status < 200 || status > 299)
    throw proxyRefusal({
      proxy,
      authority,
      status,
      challenge: answered['proxy-authenticate'] ?? '',
    })
  if (head.length > 0) socket.unshift(head)
}

/**
 * A connection to host and port through a proxy, by CONNECT: what is written to it goes to the host, unencrypted so far.
 * The proxy resolves the host's name. Each step (the proxy's connection, its TLS, its answer) may take `timeoutMs`.
 * Throws `proxy-refused`; `unreachable`, naming the proxy, or the host when the proxy answers 502, 503 or 504;
 * `tls-failed` when the proxy's own certificate is not accepted. No message holds the credentials.
 */
export async function tunnelThrough(proxy: ProxyServer, to: Target): Promise<Socket> {
  const socket = await openProxy(proxy, to)
  try {
    await ask(proxy, socket, to)
    return socket
  } catch (thrown) {
    socket.destroy()
    throw thrown
  }
}
