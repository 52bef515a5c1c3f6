import type { Dispatcher } from 'undici'
import { AlmanacError, isError } from '../core/errors.ts'
import { redacted } from '../core/redact.ts'
import { type Answer, openAnswer } from './answer.ts'
import { type Body, readBody } from './body.ts'
import { type Failed, factsOf, meaningOfStatus, problemOf } from './problem.ts'
import { parseRetryAfter } from './retry.ts'
import type { Reply, Request } from './transport.ts'

/** What the receiver must know of the request. */
export interface Expectation extends Pick<Request, 'shape' | 'confidential'> {
  readonly place: string
  readonly now: () => number
}

/** As much as an excerpt and a look at an error page need. */
const EXCERPT_BYTES = 2_000
const FOREIGN_CAPS = { raw: 1024 * 1024, decompressed: 4 * 1024 * 1024 }
const XML_TYPE = /^(text|application)\/xml$/

const NOTHING: Answer = { items: [], pagination: null, complaint: null, warnings: [] }

/**
 * Reads what the server answered. Throws `redirected` for any 3xx; `malformed-response` for a content encoding but gzip,
 * a charset but UTF-8, an empty answer or broken XML; `not-tableau` for HTML, JSON or whatever else a proxy answers;
 * `rate-limited`, `server-error` by status; and what `problemOf` makes of Tableau's `<error>`, with whatever status it comes.
 */
export async function receive(response: Dispatcher.ResponseData, expected: Expectation): Promise<Reply> {
  // Leaving the body unread without this would leave its late errors unheard.
  response.body.on('error', () => undefined)
  try {
    return await read(response, expected)
  } finally {
    response.body.destroy()
  }
}

async function read(
  { statusCode: status, headers, body: chunks }: Dispatcher.ResponseData,
  expected: Expectation,
): Promise<Reply> {
  const { place } = expected
  const date = dateOf(text(headers['date']))
  const retryAfterMs = parseRetryAfter(text(headers['retry-after']), date ?? expected.now())
  const failed: Failed = { place, status, retryAfterMs, confidential: expected.confidential }
  if (status >= 300 && status < 400) throw redirection(text(headers['location']), failed)
  if (status === 204) {
    // Where a payload is expected, nothing is not an empty list.
    if (expected.shape !== null) throw empty(failed)
    return { answer: NOTHING, date, bytes: 0 }
  }
  const body: Body = { chunks, place, gzipped: isGzipped(text(headers['content-encoding']), failed) }
  const type = mediaType(text(headers['content-type']))
  if (!XML_TYPE.test(type.name)) throw await foreignAnswer(body, type.name, failed)
  if (!/^(utf-?8|us-ascii)?$/.test(type.charset))
    throw new AlmanacError(
      'malformed-response',
      `${place}: the answer's charset is ${redacted(type.charset)}, not UTF-8`,
    )
  const { answer, bytes } = await answerOf(body, failed, expected)
  if (answer.complaint !== null) throw problemOf(answer.complaint, failed)
  if (status >= 400) throw unexplained(failed)
  return { answer, date, bytes }
}

async function answerOf(
  body: Body,
  failed: Failed,
  { shape }: Expectation,
): Promise<{ answer: Answer; bytes: number }> {
  const isFailure = failed.status >= 400
  const reader = openAnswer(isFailure ? null : shape, failed.place)
  const start = startKeeper()
  try {
    const bytes = await readBody(body, (chunk) => {
      start.keep(chunk)
      reader.write(chunk)
    })
    if (bytes === 0) throw empty(failed)
    return { answer: reader.end(), bytes }
  } catch (thrown) {
    // A server in trouble answers in any shape; its status says enough.
    if (isFailure && meaningOfStatus(failed.status) !== undefined) throw unexplained(failed)
    throw isError(thrown, 'malformed-response') ? withExcerpt(thrown, start.excerpt(failed)) : thrown
  }
}

const withExcerpt = (error: AlmanacError, excerpt: string): AlmanacError =>
  new AlmanacError(error.code, `${error.message}${excerpt}`, { cause: error.cause, details: error.details })

const empty = ({ place, status }: Failed): AlmanacError =>
  new AlmanacError('malformed-response', `${place}: the answer is empty (HTTP ${status})`)

/** Keeps the first bytes of a body for a message. */
function startKeeper(): { keep(chunk: Uint8Array): void; text(): string; excerpt(failed: Failed): string } {
  let start = Buffer.alloc(0)
  const text = () => {
    const all = start.toString('utf8')
    // Half a token at the cut would not look like one.
    return start.length < EXCERPT_BYTES ? all : all.replace(/\S*$/, '')
  }
  return {
    keep: (chunk) => {
      if (start.length < EXCERPT_BYTES)
        start = Buffer.concat([start, chunk.subarray(0, EXCERPT_BYTES - start.length)])
    },
    text,
    excerpt: ({ confidential }) =>
      confidential === true || start.length === 0 ? '' : `: ${redacted(text())}`,
  }
}

/** The error of a failed status without an explanation of Tableau's. */
function unexplained(failed: Failed, what = ''): AlmanacError {
  const code = meaningOfStatus(failed.status) ?? 'tableau-error'
  return new AlmanacError(code, `${failed.place}: HTTP ${failed.status}${what}`, { details: factsOf(failed) })
}

async function foreignAnswer(body: Body, type: string, failed: Failed): Promise<AlmanacError> {
  const start = startKeeper()
  // However it ends, it is not Tableau that speaks.
  await readBody(body, start.keep, FOREIGN_CAPS).catch(() => undefined)
  if (start.text() === '' && type === '' && failed.status < 400) return empty(failed)
  const kind = kindOf(type, start.text())
  const excerpt = start.excerpt(failed)
  if (meaningOfStatus(failed.status) !== undefined) return unexplained(failed, ` with ${kind}${excerpt}`)
  const message = `${failed.place}: this is not Tableau's REST API; it answered ${kind} (HTTP ${failed.status})${excerpt}`
  return new AlmanacError('not-tableau', message, { details: factsOf(failed) })
}

function kindOf(type: string, start: string): string {
  if (/html/.test(type) || /^\s*<(!doctype html|html)/i.test(start)) return 'HTML'
  if (/json/.test(type)) return 'JSON'
  return type === '' ? 'something without a content type' : redacted(type)
}

function redirection(location: string | undefined, failed: Failed): AlmanacError {
  const target =
    location !== undefined && URL.canParse(location)
      ? new URL(location).origin
      : 'another page of the same server'
  return new AlmanacError(
    'redirected',
    `${failed.place}: the server sends us to ${location === undefined ? 'nowhere' : target} (HTTP ${failed.status}), which was not followed`,
    {
      details: factsOf(failed),
    },
  )
}

function isGzipped(encoding: string | undefined, failed: Failed): boolean {
  const name = (encoding ?? 'identity').trim().toLowerCase()
  if (name === 'gzip' || name === 'x-gzip') return true
  if (name === 'identity' || name === '') return false
  throw new AlmanacError(
    'malformed-response',
    `${failed.place}: the answer is encoded as ${redacted(name)}, which was not asked for`,
    {
      details: { ...factsOf(failed), encoding: redacted(name) },
      next: 'Look at the proxy between here and Tableau: only gzip is accepted.',
    },
  )
}

function mediaType(header: string | undefined): { name: string; charset: string } {
  const [name = '', ...parameters] = (header ?? '').toLowerCase().split(';')
  const charset = parameters
    .map((parameter) => parameter.trim())
    .find((parameter) => parameter.startsWith('charset='))
  return { name: name.trim(), charset: charset?.slice('charset='.length).replace(/^"|"$/g, '') ?? '' }
}

function dateOf(header: string | undefined): number | undefined {
  const at = Date.parse(header ?? '')
  return Number.isNaN(at) ? undefined : at
}

const text = (header: string | string[] | undefined): string | undefined =>
  Array.isArray(header) ? header.join(', ') : header
