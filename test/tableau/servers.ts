import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo, Server } from 'node:net'
import { createServer as createNetServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import type { RunEvent } from '../../lib/core/event.ts'
import type { Clock } from '../../lib/core/ports.ts'
import { type Client, type ClientOptions, connect } from '../../lib/tableau/client.ts'
import { patIdentity } from '../../lib/tableau/identity.ts'

export const TOKEN =
  'HvZMqFFfQQmOM4LAZNIQAA|5fI6T54OPK1Gn1p4w0RtHv6EkojWRTwq|a946d998-2ead-4894-bb50-1054a91dcab3'
export const PAT = { patName: 'nightly', patSecret: 'qlE1g9MMh9vbrjjgZhbZrA==:rZTHhPpP2tUW1kfn4tjg8' }
export const SITE_ID = '9a8b7c6d-5e4f-3a2b-1c0d-9e8f7a6b5c4d'
export const USER_ID = '1a2b3c4d-5e6f-7a8b-9c0d-1e2f3a4b5c6d'

export const wrap = (inner: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?><tsResponse xmlns="http://tableau.com/api">${inner}</tsResponse>`
export const complaint = (code: string): string =>
  wrap(`<error code="${code}"><summary>Zusammenfassung</summary><detail>Einzelheit</detail></error>`)

/** Listens on a free loopback port until the test is over, and cuts what is open then. */
export async function listening(server: Server): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise<void>((resolve) => server.close(() => resolve()))
  })
  return (server.address() as AddressInfo).port // a TCP server that listens
}

/** A web server that answers as told; gives its URL. */
export const serve = async (listener: RequestListener): Promise<string> =>
  `http://127.0.0.1:${await listening(createServer(listener))}`

/** A TCP server; gives its URL. */
export const serveRaw = async (onSocket: (socket: Socket) => void): Promise<string> =>
  `http://127.0.0.1:${await listening(createNetServer(onSocket))}`

export function answerXml(
  response: ServerResponse,
  xml: string,
  status = 200,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/xml;charset=utf-8', ...headers }).end(xml)
}

/** A clock whose waits are over at once and written down. */
export function quickClock(): Clock & { waits: number[]; pass(ms: number): void } {
  const waits: number[] = []
  let passed = 0
  return {
    waits,
    pass: (ms) => {
      passed += ms
    },
    now: () => 1_793_570_400_000 + passed,
    elapsed: () => passed,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted()
      waits.push(ms)
    },
  }
}

/** What a `TinySite` has seen and how it is to behave. */
export interface TinySite {
  readonly url: string
  signIns: number
  signOuts: number
  signInBodies: string[]
  /** The token that opens doors now; change it to end the session. */
  token: string
  tokensSeen: (string | undefined)[]
  paths: string[]
}

type Lists = (request: IncomingMessage, response: ServerResponse, site: TinySite) => void

/** The least that a server must do to be signed in to; `lists` answers everything below the site but the user. */
export async function tinySite(lists: Lists, overrides: Record<string, Lists> = {}): Promise<TinySite> {
  const site: TinySite = {
    url: '',
    signIns: 0,
    signOuts: 0,
    signInBodies: [],
    token: '',
    tokensSeen: [],
    paths: [],
  }
  const routes: Record<string, Lists> = { ...ROUTES, ...overrides }
  const url = await serve((request, response) => {
    site.paths.push(request.url ?? '')
    const path = (request.url ?? '').split('?')[0] ?? ''
    const route = Object.keys(routes).find((end) => path.endsWith(end))
    if (route !== undefined) return routes[route]?.(request, response, site)
    const token = request.headers['x-tableau-auth']
    site.tokensSeen.push(Array.isArray(token) ? token[0] : token)
    if (token !== site.token) return answerXml(response, complaint('401002'), 401)
    if (path.endsWith(`/users/${USER_ID}`))
      return answerXml(
        response,
        wrap(`<user id="${USER_ID}" name="a" siteRole="SiteAdministratorExplorer"/>`),
      )
    lists(request, response, site)
  })
  return Object.assign(site, { url })
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

const ROUTES: Record<string, Lists> = {
  '/serverinfo': (_, response) =>
    answerXml(
      response,
      wrap(
        '<serverInfo><productVersion build="1">2026.2</productVersion><restApiVersion>3.29</restApiVersion></serverInfo>',
      ),
    ),
  '/auth/signin': async (request, response, site) => {
    site.signInBodies.push(await bodyOf(request))
    site.signIns += 1
    site.token = `${TOKEN}${site.signIns}`
    answerXml(
      response,
      wrap(
        `<credentials token="${site.token}"><site id="${SITE_ID}" contentUrl="demo"/><user id="${USER_ID}"/></credentials>`,
      ),
      200,
      {
        date: 'Sun, 01 Nov 2026 02:00:00 GMT',
      },
    )
  },
  '/auth/signout': (_, response, site) => {
    site.signOuts += 1
    response.writeHead(204).end()
  },
}

/** A client for a server, closed when the test is over, and what it emitted. */
export async function connected(
  url: string,
  options: Partial<ClientOptions> = {},
): Promise<{ client: Client; events: RunEvent[]; clock: ReturnType<typeof quickClock> }> {
  const events: RunEvent[] = []
  const clock = quickClock()
  const client = await connect(optionsFor(url, { clock, emit: (event) => events.push(event), ...options }))
  onTestFinished(() => client.close())
  return { client, events, clock }
}

export const optionsFor = (url: string, options: Partial<ClientOptions> = {}): ClientOptions => ({
  signIn: { serverUrl: url, contentUrl: 'demo', identity: patIdentity(PAT.patName, PAT.patSecret) },
  clock: quickClock(),
  random: () => 0.5,
  emit: () => undefined,
  ...options,
})

export const USERS = { path: 'users', list: 'users', item: 'user', query: {}, paging: 'numbered' } as const

/** A page of users by number, of a list of so many. */
export function usersPage(
  pageNumber: number,
  total: number,
  { pageSize = 1000, rows }: { pageSize?: number; rows?: number } = {},
): string {
  const first = (pageNumber - 1) * pageSize
  const count = rows ?? Math.max(0, Math.min(pageSize, total - first))
  const users = Array.from(
    { length: count },
    (_, index) => `<user id="u${first + index}" name="n${first + index}"/>`,
  ).join('')
  return wrap(
    `<pagination pageNumber="${pageNumber}" pageSize="${pageSize}" totalAvailable="${total}"/><users>${users}</users>`,
  )
}

/** A query parameter of a request, as a number. */
export const numberOf = (request: IncomingMessage, name: string): number =>
  Number(new URL(request.url ?? '', 'http://host').searchParams.get(name))

/** Answers pages of a list of so many users. */
export const usersOf =
  (total: number): Parameters<typeof tinySite>[0] =>
  (request, response) =>
    answerXml(response, usersPage(numberOf(request, 'pageNumber'), total), 200, {
      date: 'Sun, 01 Nov 2026 02:00:10 GMT',
    })
