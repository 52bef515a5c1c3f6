import { createServer, type IncomingMessage, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { listening } from '../tableau/servers.ts'
import type { ServerTls } from '../tls/certificates.ts'

/** How a proxy is to be. */
export interface ProxyBehaviour {
  readonly tls?: ServerTls
  /** `user:password` that it asks for. */
  readonly credentials?: string
  /** What it asks for them with. */
  readonly challenge?: string
  /** Answers every CONNECT with this status. */
  readonly status?: number
  /** Leads nowhere: never answers, or closes the connection instead. */
  readonly instead?: 'hang' | 'cut'
  /** Where it leads names: host to host. */
  readonly names?: Readonly<Record<string, string>>
}

/** A running proxy, and what it saw. */
export interface ProxyRecord {
  readonly url: string
  readonly port: number
  /** `host:port` of each CONNECT. */
  readonly asked: string[]
  /** Requests that are no CONNECT. */
  readonly others: string[]
  /** Proxy-Authorization of each CONNECT. */
  readonly credentials: (string | undefined)[]
  /** Every byte that went through to the hosts, as it saw it. */
  readonly through: Buffer[]
  /** Connections that are open now. */
  open(): number
}

const REASONS: Readonly<Record<number, string>> = { 403: 'Forbidden', 407: 'Proxy Authentication Required' }

/** The connection stays open, as with proxies that wait for a better CONNECT. */
function refuse(socket: Socket, status: number, header = ''): void {
  const reason = REASONS[status] ?? 'No'
  socket.write(`HTTP/1.1 ${status} ${reason}\r\n${header}content-length: 9\r\n\r\n<p>no</p>`)
}

function lead(socket: Socket, host: string, port: number, seen: Buffer[]): void {
  const upstream = connect(port, host, () => {
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
    socket.on('data', (chunk: Buffer) => seen.push(chunk))
    socket.pipe(upstream)
    upstream.pipe(socket)
  })
  upstream.on('error', () => refuse(socket, 502))
  upstream.on('close', () => socket.destroy())
  socket.on('close', () => upstream.destroy())
}

const basic = (credentials: string): string => `Basic ${Buffer.from(credentials).toString('base64')}`

function answer(
  request: IncomingMessage,
  socket: Socket,
  behaviour: ProxyBehaviour,
  record: ProxyRecord,
): void {
  const { credentials, challenge = 'Basic realm="corp, inside"', status, instead, names = {} } = behaviour
  const sent = request.headers['proxy-authorization']
  record.asked.push(request.url ?? '')
  record.credentials.push(sent)
  const { hostname, port } = new URL(`http://${request.url}`)
  if (instead === 'cut') socket.destroy()
  else if (instead === 'hang') return
  else if (credentials !== undefined && sent !== basic(credentials))
    refuse(socket, 407, `proxy-authenticate: ${challenge}\r\n`)
  else if (status !== undefined) refuse(socket, status)
  else lead(socket, names[hostname] ?? hostname, Number(port) || 80, record.through)
}

/** Starts a proxy on a free loopback port, until the test is over. */
export async function startProxy(behaviour: ProxyBehaviour = {}): Promise<ProxyRecord> {
  const others: string[] = []
  const refuseOther = (request: IncomingMessage) => others.push(`${request.method} ${request.url}`)
  const server: Server =
    behaviour.tls === undefined ? createServer(refuseOther) : createTlsServer(behaviour.tls, refuseOther)
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  const port = await listening(server)
  const scheme = behaviour.tls === undefined ? 'http' : 'https'
  const record: ProxyRecord = {
    url: `${scheme}://127.0.0.1:${port}`,
    port,
    asked: [],
    others,
    credentials: [],
    through: [],
    open: () => sockets.size,
  }
  server.on('connect', (request, socket: Socket) => {
    socket.on('error', () => undefined)
    socket.resume().on('end', () => socket.end())
    answer(request, socket, behaviour, record)
  })
  return record
}

/** A loopback port on which nothing listens: one that was just given back. */
export async function gonePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // a TCP server that listens
  await new Promise<void>((resolve) => server.close(() => resolve()))
  return port
}
