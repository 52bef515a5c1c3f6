import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Simulator } from '../../lib/simulator/server.ts'
import { listening } from '../tableau/servers.ts'
import type { ServerTls } from '../tls/certificates.ts'
import { jwtCanaries, type Mint } from './secrets.ts'
import type { Canary } from './spellings.ts'

/** An answer as it is about to be sent. Headers by name, those of the connection left out. */
export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** A call that came to the front, and the honest answer to it. */
export interface Asked {
  /** `serverInfo`, `signIn`, `signOut`, `me` (who signed in), else the last word of the path. */
  readonly what: string
  readonly reply: Reply
  /** The secret that the client showed last: it signs in with it, or has been given it. */
  readonly said: string
  readonly token: string
}

/** Says what is answered instead; undefined: what is true. */
export type Echo = (asked: Asked) => Reply | 'cut' | undefined

/** A hostile server before a simulated site: it hands out session tokens of its own and may repeat secrets. */
export interface Front {
  readonly url: string
  /** Every session token that it handed out, and every web token that it was shown. */
  readonly canaries: Canary[]
  /** Every request as it came. */
  readonly requests: string[]
  echo: Echo
}

const WHATS: readonly (readonly [RegExp, string])[] = [
  [/\/serverinfo$/i, 'serverInfo'],
  [/\/auth\/signin$/, 'signIn'],
  [/\/auth\/signout$/, 'signOut'],
  [/\/users\/[^/]+$/, 'me'],
  [/\/personal-access-tokens$/, 'expiry'],
]
const whatOf = (path: string): string =>
  WHATS.find(([pattern]) => pattern.test(path))?.[1] ?? path.split('/').at(-1) ?? ''

/** A text as it stands in XML, in an attribute too. */
export const escapedXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

const NAMES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
const unescapedXml = (text: string): string => text.replaceAll(/&(\w+);/g, (all, name) => NAMES[name] ?? all)

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

interface State {
  readonly sim: Simulator
  readonly mint: Mint
  readonly front: Front
  /** The simulator's tokens by those of the front. */
  readonly tokens: Map<string, string>
  token: string
  said: string
}

const SECRET_IN = / (?:personalAccessTokenSecret|password|jwt)="([^"]*)"/

/** Keeps what a sign-in shows. */
function overheard(state: State, body: string): void {
  const said = SECRET_IN.exec(body)?.[1]
  if (said === undefined) return
  state.said = unescapedXml(said)
  if (/ jwt="/.test(body)) state.front.canaries.push(...jwtCanaries('a web token', state.said))
}

async function honest(state: State, request: IncomingMessage, body: string): Promise<Reply> {
  const { 'x-tableau-auth': shown, 'content-type': type } = request.headers
  const token = state.tokens.get(String(shown))
  const answer = await fetch(`${state.sim.url}${request.url}`, {
    method: request.method ?? 'GET',
    headers: {
      ...(token === undefined ? {} : { 'x-tableau-auth': token }),
      ...(type === undefined ? {} : { 'content-type': type }),
    },
    ...(body === '' ? {} : { body }),
  })
  const pairs = ['content-type', 'date'].map((name) => [name, answer.headers.get(name) ?? ''] as const)
  const headers = Object.fromEntries(pairs.filter(([, value]) => value !== ''))
  return { status: answer.status, headers, body: Buffer.from(await answer.arrayBuffer()) }
}

/** Gives a session a token of the front's own. */
function renamed(state: State, reply: Reply): Reply {
  const xml = reply.body.toString()
  const given = /<credentials token="([^"]*)"/.exec(xml)?.[1]
  if (given === undefined) return reply
  const canary = state.mint.header(`session token ${state.tokens.size + 1}`)
  state.front.canaries.push(canary)
  state.tokens.set(canary.value, unescapedXml(given))
  state.token = canary.value
  return {
    ...reply,
    body: Buffer.from(xml.replace(`token="${given}"`, () => `token="${escapedXml(canary.value)}"`)),
  }
}

async function serve(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await bodyOf(request)
  state.front.requests.push([`${request.method} ${request.url}`, ...request.rawHeaders, body].join('\n'))
  overheard(state, body)
  const reply = renamed(state, await honest(state, request, body))
  const what = whatOf((request.url ?? '').split('?')[0] ?? '')
  const { said, token } = state
  const sent = state.front.echo({ what, reply, said, token }) ?? reply
  if (sent === 'cut') response.socket?.end(`HTTP/1.1 200 ${said}\r\n${token}\r\n\r\n`)
  else response.writeHead(sent.status, sent.headers).end(sent.body)
}

/** Opens a front before a simulated site until the test is over; over TLS when it is given a certificate. */
export async function openFront(sim: Simulator, mint: Mint, tls?: ServerTls): Promise<Front> {
  const front: Front = { url: '', canaries: [], requests: [], echo: () => undefined }
  const state: State = { sim, mint, front, tokens: new Map(), token: '', said: '' }
  const listener: RequestListener = (request, response) => {
    serve(state, request, response).catch((thrown: unknown) => response.destroy(thrown as Error))
  }
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener)
  const port = await listening(server)
  // Kept as it is, and not copied: the state changes it.
  return Object.assign(front, { url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}` })
}
