import { type Answer, answerInstead, xmlAnswer } from './body-faults.ts'
import type { Call } from './call.ts'
import type { Misbehaviour } from './faults.ts'
import { distortRows, planList } from './list-faults.ts'
import type { Listing } from './listing.ts'
import { type Page, pageOf, pageRows, paginationXml } from './paging.ts'
import { Refused } from './refusal.ts'
import type { ServerParts } from './route.ts'
import { answerOf, type Found } from './routes.ts'
import { envelope, errorXml } from './xml.ts'

const listElement = (name: string, rows: readonly string[]): string =>
  rows.length === 0 ? `<${name}/>` : `<${name}>${rows.join('')}</${name}>`

const lastRowBefore = (listing: Listing, order: readonly number[], page: Page): string | undefined => {
  const position = order[(page.number - 1) * page.size - 1]
  return position === undefined ? undefined : listing.row(position)
}

const pageXml = (listing: Listing, page: Page, active: readonly Misbehaviour[]): string => {
  const { order, totalAvailable, lenient } = planList(listing.order, active, page)
  const positions = pageRows(order, page, lenient ? Math.max(order.length, totalAvailable) : order.length)
  const previous = lastRowBefore(listing, order, page)
  const written: readonly string[] = positions.map(listing.row)
  const rows = active.reduce((list, fault) => distortRows(list, fault, previous), written)
  return paginationXml(page, totalAvailable) + listElement(listing.list, rows)
}

const replyXml = (
  found: Found,
  call: Call,
  server: ServerParts,
  active: readonly Misbehaviour[],
): string | undefined => {
  const reply = answerOf(found, call, server)
  switch (reply.kind) {
    case 'nothing':
      return undefined
    case 'element':
      return reply.content
    case 'list':
      return reply.paged
        ? pageXml(reply.listing, pageOf(call.query), active)
        : listElement(reply.listing.list, reply.listing.order.map(reply.listing.row))
  }
}

const endSessions = (server: ServerParts, active: readonly Misbehaviour[]): void => {
  for (const { kind } of active) {
    if (kind === 'endSession') server.sessions.endAll(401002)
    if (kind === 'expire401000') server.sessions.endAll(401000)
  }
}

/** The answer to a refusal, or to an error of the simulator's own (500000, with its words). */
export const refusalAnswer = (cause: unknown, apiVersion: string): Answer => {
  const refusal =
    cause instanceof Refused
      ? cause.refusal
      : { status: 500, code: '500000', summary: 'Internal Server Error', detail: String(cause) }
  return xmlAnswer(
    refusal.status,
    envelope(apiVersion, errorXml(refusal.code, refusal.summary, refusal.detail)),
  )
}

/** The answer to a call whose route is found, as the active faults let it appear. */
export const answerCall = (
  found: Found,
  call: Call,
  server: ServerParts,
  active: readonly Misbehaviour[],
): Answer => {
  const wrap = (content: string): string => envelope(server.apiVersion, content)
  const instead = answerInstead(active, wrap)
  if (instead !== undefined) return instead
  endSessions(server, active)
  try {
    const content = replyXml(found, call, server, active)
    return content === undefined ? { status: 204, body: '', headers: {} } : xmlAnswer(200, wrap(content))
  } catch (cause) {
    return refusalAnswer(cause, server.apiVersion)
  }
}
