import type { Dispatcher } from 'undici'
import { AlmanacError } from '../core/errors.ts'
import type { ServerAddress } from '../network/address.ts'
import { openDispatcher } from '../network/dispatcher.ts'
import { deadlinePassed, networkFailure } from '../network/failure.ts'
import type { Way } from '../network/way.ts'
import type { Answer, Shape } from './answer.ts'
import { DEADLINE, linkSignals } from './cancel.ts'
import { receive } from './receive.ts'

/** How long each phase of an exchange may take, in milliseconds. `idle` is between two pieces of a body. */
export interface Timeouts {
  readonly connect: number
  readonly headers: number
  readonly idle: number
  readonly whole: number
  readonly signOut: number
}

/** What each phase may take unless said otherwise; the library's own limits are ten times as long. */
export const TIMEOUTS: Timeouts = {
  connect: 10_000,
  headers: 30_000,
  idle: 30_000,
  whole: 120_000,
  signOut: 5_000,
}

/** One request. `path` begins with `/api/`; `shape` says where the payload is, null when none is expected. */
export interface Request {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  readonly body?: string
  readonly token?: string
  readonly shape: Shape | null
  /** The answer holds a secret: no piece of it may stand in a message. */
  readonly confidential?: boolean
  /** Instead of `timeouts.whole`. */
  readonly deadlineMs?: number
}

/** A whole answer: what it says, when (the server's `Date`, in ms; undefined without one), and its bytes on the wire. */
export interface Reply {
  readonly answer: Answer
  readonly date: number | undefined
  readonly bytes: number
}

/** One HTTP exchange after another with one server, over connections that are kept. */
export interface Transport {
  exchange(request: Request, signal?: AbortSignal): Promise<Reply>
  destroy(): Promise<void>
}

/** Where a transport leads, over how many connections at most, and how patient it is. */
export interface TransportOptions {
  readonly address: ServerAddress
  readonly way: Way
  readonly connections: number
  readonly timeouts: Timeouts
  /** The time where a server sends no `Date`. */
  readonly now: () => number
}

const PATH = /^\/api\/[A-Za-z0-9./_-]+$/
const SEGMENT = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/

/** Whether an id that a server sent may stand in a path as it is: LUIDs may, and nothing that leads elsewhere. */
export const isSegment = (id: string): boolean => id.length <= 100 && SEGMENT.test(id)

/**
 * Opens the way to one server. Nothing is ever sent to another host: redirects are refused, the origin is fixed.
 * `exchange` rejects with the signal's reason when it is aborted, else with an AlmanacError: see `receive` for what the
 * server may answer, `networkFailure` for what may happen on the way; `unreachable` also when a timeout passes.
 */
export function openTransport(options: TransportOptions): Transport {
  const { address, way, connections, timeouts } = options
  const dispatcher = openDispatcher({ origin: new URL(address.url), way, connections, timeouts })
  return {
    exchange: async (request, signal) => {
      const place = `${request.method} ${address.url}${request.path}${queryOf(request.query)}`
      const deadline = request.deadlineMs ?? timeouts.whole
      const link = linkSignals([signal], deadline)
      try {
        const response = await dispatcher.request(wireRequest(request, link.signal))
        return await receive(response, { ...request, place, now: options.now })
      } catch (thrown) {
        if (link.cancelled()) throw signal?.reason
        throw link.signal.reason === DEADLINE
          ? deadlinePassed(place, deadline)
          : networkFailure(thrown, place)
      } finally {
        link.release()
      }
    },
    destroy: () => dispatcher.destroy(),
  }
}

/** Colons and commas separate a filter's parts; servers before API 3.7 do not know them encoded. */
const encoded = (text: string): string =>
  encodeURIComponent(text).replaceAll('%3A', ':').replaceAll('%2C', ',')

function queryOf(query: Readonly<Record<string, string>> = {}): string {
  const parts = Object.entries(query).map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
  return parts.length === 0 ? '' : `?${parts.join('&')}`
}

function wireRequest(request: Request, signal: AbortSignal): Dispatcher.RequestOptions {
  if (!PATH.test(request.path) || request.path.includes('..')) {
    throw new AlmanacError('internal', `"${request.path}" is no path of Tableau's REST API`)
  }
  const { method, body = null, token } = request
  const headers = {
    accept: 'application/xml',
    'accept-encoding': 'gzip',
    'user-agent': 'almanac',
    ...(body === null ? {} : { 'content-type': 'text/xml; charset=utf-8' }),
    ...(token === undefined ? {} : { 'x-tableau-auth': token }),
  }
  return {
    path: `${request.path}${queryOf(request.query)}`,
    method,
    headers,
    body,
    signal,
  }
}
