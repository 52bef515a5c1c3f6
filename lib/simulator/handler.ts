import type { IncomingMessage, ServerResponse } from 'node:http'
import { answerCall, refusalAnswer } from './answer.ts'
import { type Answer, bodyBytes } from './body-faults.ts'
import { type Call, callOf } from './call.ts'
import type { Clock } from './clock.ts'
import { type Controls, controlAnswer } from './control.ts'
import type { Counters } from './counters.ts'
import type { Faults, Misbehaviour } from './faults.ts'
import type { PageCache } from './page-cache.ts'
import type { ServerParts } from './route.ts'
import { type Found, findRoute } from './routes.ts'
import { type Encoded, encode, send, wait } from './wire.ts'

/** A simulated server without its socket. */
export type Machine = {
  parts: ServerParts
  clock: Clock
  faults: Faults
  counters: Counters
  pages: PageCache
  controls: Controls
  /** Whether `/control/` is answered. */
  controlled: boolean
  latencyMs: number
}

const NONE: readonly Misbehaviour[] = []
const XML_HEADERS = { 'content-type': 'application/xml;charset=utf-8' }

const count = ({ counters }: Machine, endpoint: string, status: number): void => {
  if (status === 401) counters.add('unauthorized')
  if (status >= 400) counters.add('errors')
  if (endpoint === 'signIn' && status === 200) counters.add('signIns')
  if (endpoint === 'signOut' && status === 204) counters.add('signOuts')
}

const finish = async (
  machine: Machine,
  response: ServerResponse,
  head: Pick<Answer, 'status' | 'headers'>,
  encoded: Encoded,
  active = NONE,
): Promise<void> => {
  machine.counters.add('bytes', encoded.bytes.length)
  const date = new Date(machine.clock.now()).toUTCString()
  await send(response, head.status, { ...head.headers, date }, encoded, active)
}

/** The name under which a call's page is kept; undefined when it must be made anew. */
const pageKey = (
  { parts }: Machine,
  found: Found,
  call: Call,
  active: readonly Misbehaviour[],
): string | undefined => {
  if (active.length > 0 || !call.gzip || found.route.open === true || found.route.method !== 'GET')
    return undefined
  const session = parts.sessions.peek(call.token)
  if (session === undefined) return undefined
  const { site, who } = session
  return JSON.stringify([parts.day(), site, who.user, who.scopes ?? null, call.key])
}

const serveRoute = async (
  machine: Machine,
  found: Found,
  call: Call,
  response: ServerResponse,
): Promise<void> => {
  const { endpoint } = found.route
  machine.counters.add(endpoint)
  const active = machine.faults.take(endpoint, call.page)
  machine.counters.add('faults', active.length)
  await wait(machine.latencyMs)
  const key = pageKey(machine, found, call, active)
  const kept = key === undefined ? undefined : machine.pages.get(key)
  if (kept !== undefined) {
    machine.parts.sessions.check(call.token)
    return finish(machine, response, { status: 200, headers: XML_HEADERS }, kept)
  }
  const answer = answerCall(found, call, machine.parts, active)
  count(machine, endpoint, answer.status)
  const encoded = await encode(bodyBytes(answer, active), call.gzip, active)
  if (key !== undefined && answer.status === 200) machine.pages.put(key, encoded)
  return finish(machine, response, answer, encoded, active)
}

const serveRefusal = (machine: Machine, cause: unknown, response: ServerResponse): Promise<void> => {
  const answer = refusalAnswer(cause, machine.parts.apiVersion)
  count(machine, 'none', answer.status)
  return finish(machine, response, answer, { bytes: bodyBytes(answer, NONE), encoding: undefined })
}

const serveControl = (machine: Machine, call: Call, response: ServerResponse): Promise<void> => {
  const { status, body } = controlAnswer(call, machine.controls)
  const headers = { 'content-type': 'application/json' }
  return send(response, status, headers, { bytes: Buffer.from(body), encoding: undefined }, NONE)
}

const serve = async (machine: Machine, request: IncomingMessage, response: ServerResponse): Promise<void> => {
  let found: Found
  let call: Call
  try {
    call = await callOf(request)
    if (machine.controlled && call.path[0] === 'control') return serveControl(machine, call, response)
    machine.clock.tick()
    machine.counters.add('requests')
    found = findRoute(call, machine.parts.apiVersion)
  } catch (cause) {
    return serveRefusal(machine, cause, response)
  }
  return serveRoute(machine, found, call, response)
}

/** Answers requests. An error on the way to the client ends the connection. */
export const handlerOf =
  (machine: Machine) =>
  (request: IncomingMessage, response: ServerResponse): void => {
    response.once('close', machine.counters.begin())
    response.sendDate = false
    serve(machine, request, response).catch((cause: unknown) => {
      response.destroy(cause instanceof Error ? cause : new Error(String(cause)))
    })
  }
