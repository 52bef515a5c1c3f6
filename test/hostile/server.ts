import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { complaint } from '../tableau/servers.ts'
import type { ServerTls } from '../tls/certificates.ts'
import type { Answer, Good, HttpAnswer, Spoil } from './spoil.ts'
import { type Endpoint, endpointAt, goodAnswer } from './world.ts'

/** A server that is there until it is closed, and everything that it was sent. */
export interface Listening {
  readonly url: string
  /** Requests as they came: line, headers and body. */
  readonly heard: string[]
  /** Connections so far, whether or not a request came. */
  connections(): number
  close(): Promise<void>
}

type Respond = (request: IncomingMessage, response: ServerResponse) => void

async function listen(respond: Respond, tls?: ServerTls): Promise<Listening> {
  const sockets = new Set<Socket>()
  const heard: string[] = []
  let connections = 0
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = []
    try {
      for await (const chunk of request) chunks.push(chunk)
    } catch {
      return // the client went away, which is its right
    }
    heard.push(`${request.method} ${request.url}\n${request.rawHeaders.join('\n')}\n${Buffer.concat(chunks)}`)
    respond(request, response)
  }
  const server = tls === undefined ? createServer(answer) : createTlsServer(tls, answer)
  server.on('connection', (socket: Socket) => {
    connections += 1
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // a TCP server that listens
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    heard,
    connections: () => connections,
    close: () => closed(server, sockets),
  }
}

function closed(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  for (const socket of sockets) socket.destroy()
  return new Promise((resolve) => server.close(() => resolve()))
}

/** Another host, which would answer anything as a good Tableau, were it ever asked. */
export const otherHost = (): Promise<Listening> =>
  listen((request, response) => {
    const good = goodTo(request, 'users')
    send(response, { body: good?.xml ?? '' })
  })

interface Asked {
  readonly endpoint: Endpoint
  readonly xml: string
  readonly page: Good['page']
}

/** What a good server answers to a request. */
function goodTo(request: IncomingMessage, entity: string): Asked | undefined {
  const url = new URL(request.url ?? '', 'http://host')
  const endpoint = endpointAt(url.pathname.replace(/^\/api\/[\d.]+\//, ''), entity)
  if (endpoint === undefined) return undefined
  const number = Number(url.searchParams.get('pageNumber') ?? 1)
  return { endpoint, ...goodAnswer(endpoint, number, Number(url.searchParams.get('pageSize') ?? 100)) }
}

/** A site that behaves at every endpoint but one; it speaks https where it is given a certificate. */
export async function hostileSite(
  bad: Endpoint,
  spoil: Spoil,
  other: string,
  tls?: ServerTls,
): Promise<Listening> {
  let calls = 0
  const site: Listening = await listen((request, response) => {
    const asked = goodTo(request, bad.entity)
    if (asked === undefined) return send(response, { status: 404, body: complaint('404018') })
    if (asked.endpoint !== bad) return send(response, good(asked))
    const facts = { ...asked, calls, other, own: site.url }
    calls += 1
    send(response, spoil(facts))
  }, tls)
  return site
}

/** Signing out is answered by nothing. */
const good = ({ endpoint, xml }: Asked): HttpAnswer =>
  endpoint.name === 'signout' ? { status: 204, body: '' } : { body: xml }

const DEFAULTS = { 'content-type': 'application/xml;charset=utf-8' }

function send(response: ServerResponse, answer: Answer): void {
  if ('wire' in answer) {
    // The socket is all there is from now on.
    if (response.socket !== null) answer.wire(response.socket)
    return
  }
  const { status = 200, headers = {}, body = '' } = answer
  for (const [name, value] of Object.entries({ ...DEFAULTS, ...headers }))
    if (value !== null) response.setHeader(name, value)
  if (status < 100 || status > 999) throw new Error(`no status: ${status}`)
  response.writeHead(status).end(body)
}
