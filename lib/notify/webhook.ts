import type { Dispatcher } from 'undici'
import { AlmanacError, isError } from '../core/errors.ts'
import type { Clock } from '../core/ports.ts'
import type { Secret } from '../core/secret.ts'
import { parseAddress } from '../network/address.ts'
import { deadlinePassed, isPassing, networkFailure } from '../network/failure.ts'

/** Sends a body to a webhook once and says what it answered. Rejects when there was no answer. */
export type Post = (url: Secret, body: string, signal?: AbortSignal) => Promise<{ readonly status: number }>

/** How patient a webhook's sender is. */
export interface WebhookOptions {
  readonly clock: Clock
  /** For both tries and the wait between them, in milliseconds. */
  readonly timeoutMs?: number
}

interface Address {
  readonly origin: string
  readonly path: string
  /** The webhook as messages name it: its host alone, since the rest of the address is the secret. */
  readonly place: string
}

interface Answer {
  readonly status: number
  readonly waitMs: number
}

const TIMEOUT_MS = 10_000
const WAIT_MS = 1_000
const LONGEST_WAIT_MS = 5_000

/** The address in parts. Throws `bad-configuration` without showing it, `insecure-address` or `forbidden-address`. */
function addressOf(url: Secret): Address {
  const text = url.reveal().trim()
  if (!URL.canParse(text))
    throw new AlmanacError('bad-configuration', 'the webhook’s address is no URL', {
      next: 'Copy the whole address, https:// included, into the secret.',
    })
  const { origin, pathname, search, username, password, hostname, protocol } = new URL(text)
  if (username !== '' || password !== '')
    throw new AlmanacError('bad-configuration', 'the webhook’s address holds a user name or password')
  if (!/^https?:$/.test(protocol))
    throw new AlmanacError('insecure-address', 'the webhook’s address is not one of https')
  return { origin: parseAddress(origin).url, path: pathname + search, place: `the webhook at ${hostname}` }
}

/** What `Retry-After` asks for (RFC 9110, section 10.2.3), in milliseconds and in bounds; a second where it says nothing. */
function waitOf(header: string | string[] | undefined, now: number): number {
  const text = String(header ?? '').trim()
  const asked = /^\d{1,9}$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now
  return asked >= 0 ? Math.min(asked, LONGEST_WAIT_MS) : WAIT_MS
}

async function exchange(
  dispatcher: Dispatcher,
  { origin, path, place }: Address,
  body: string,
  signal: AbortSignal,
  now: () => number,
): Promise<Answer> {
  try {
    const {
      statusCode,
      headers,
      body: answer,
    } = await dispatcher.request({
      origin,
      path,
      method: 'POST',
      headers: { 'content-type': 'application/json; charset=utf-8', 'user-agent': 'almanac' },
      body,
      signal,
    })
    // The status says it all: of the body not a byte is wanted, nor its late errors.
    answer.on('error', () => undefined)
    answer.destroy()
    return { status: statusCode, waitMs: waitOf(headers['retry-after'], now()) }
  } catch (thrown) {
    signal.throwIfAborted()
    throw networkFailure(thrown, place)
  }
}

const mayPass = (status: number): boolean => status === 429 || status >= 500

const isPassingFailure = (thrown: unknown): boolean =>
  isError(thrown, 'unreachable') && isPassing(String(thrown.details['network'] ?? ''))

/** The first try: its answer if that is final, else how long to wait before the second. */
async function firstTry(once: () => Promise<Answer>): Promise<Answer & { readonly isFinal: boolean }> {
  try {
    const answer = await once()
    return { ...answer, isFinal: !mayPass(answer.status) }
  } catch (thrown) {
    if (!isPassingFailure(thrown)) throw thrown
    return { status: 0, waitMs: WAIT_MS, isFinal: false }
  }
}

/**
 * Sends to webhooks over https, or plain http to loopback. Redirects are not followed; a 429, a 5xx and a failure of the
 * network that may pass are tried once more, after what the server asks for, five seconds at most. Rejects with
 * `bad-configuration`, `insecure-address`, `forbidden-address`, `unreachable` (also when the time is over), `tls-failed`,
 * or the signal's reason. No error shows more of the address than its host.
 */
export function webhookPost(dispatcher: Dispatcher, { clock, timeoutMs = TIMEOUT_MS }: WebhookOptions): Post {
  return async (url, body, signal) => {
    const address = addressOf(url)
    const over = new AbortController()
    // Sockets live in real time, so that the limit does not go through the clock.
    const timer = setTimeout(() => over.abort(deadlinePassed(address.place, timeoutMs)), timeoutMs)
    const until = signal === undefined ? over.signal : AbortSignal.any([over.signal, signal])
    const once = (): Promise<Answer> => exchange(dispatcher, address, body, until, clock.now)
    try {
      const first = await firstTry(once)
      if (first.isFinal) return { status: first.status }
      await clock.sleep(first.waitMs, until)
      return { status: (await once()).status }
    } finally {
      clearTimeout(timer)
    }
  }
}
