import type { IncomingMessage } from 'node:http'
import { refused } from './refusal.ts'

/** A request, read whole. */
export type Call = {
  method: string
  /** The path's parts without empty ones, decoded. */
  path: readonly string[]
  query: URLSearchParams
  body: string
  token: string | undefined
  /** Whether the client takes gzip. */
  gzip: boolean
  /** Equal for equal requests. */
  key: string
  /** The page asked for, for faults to match; 1 when none is readable. */
  page: number
}

const LARGEST_BODY = 1_000_000

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk)
    size += bytes.length
    if (size > LARGEST_BODY) throw refused(400000, `Request body of more than ${LARGEST_BODY} bytes`)
    chunks.push(bytes)
  }
  return Buffer.concat(chunks).toString('utf8')
}

const decoded = (part: string): string => {
  try {
    return decodeURIComponent(part)
  } catch {
    throw refused(400000, `Malformed path part '${part}'`)
  }
}

/** Reads a request; refuses a malformed path or an oversized body with 400000. */
export const callOf = async (request: IncomingMessage): Promise<Call> => {
  const target = request.url ?? '/'
  const mark = target.indexOf('?')
  const path = mark < 0 ? target : target.slice(0, mark)
  const query = new URLSearchParams(mark < 0 ? '' : target.slice(mark))
  const header = request.headers['x-tableau-auth']
  const accepted = String(request.headers['accept-encoding'] ?? '')
  const page = Number(query.get('pageNumber') ?? '1')
  return {
    method: request.method ?? 'GET',
    path: path
      .split('/')
      .filter((part) => part !== '')
      .map(decoded),
    query,
    body: await bodyOf(request),
    token: typeof header === 'string' ? header : undefined,
    gzip: /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?(?:,|$))/.test(accepted),
    key: target,
    page: Number.isInteger(page) ? page : 1,
  }
}
