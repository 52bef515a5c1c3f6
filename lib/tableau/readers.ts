import pLimit from 'p-limit'
import { AlmanacError } from '../core/errors.ts'
import type { Emit } from '../core/event.ts'
import type { RawItem } from '../core/item.ts'
import type { Clock } from '../core/ports.ts'
import { redacted } from '../core/redact.ts'
import type { Pagination, Shape } from './answer.ts'
import { type Cost, newTally, type Send } from './calls.ts'
import { linkSignals, unlessAborted } from './cancel.ts'
import type { Session } from './session.ts'
import type { Reply } from './transport.ts'

/** A list to be read page by page, as an entity declares it. */
export interface ListToRead {
  readonly path: string
  readonly list: string
  readonly item: string
  readonly query: Readonly<Record<string, string>>
  readonly paging: 'numbered' | 'none'
}

/** One page. `observedAt` is the server's `Date` in ms; `pagination` is null exactly where the list is not paged. */
export interface Page {
  readonly items: readonly RawItem[]
  readonly pagination: Pagination | null
  readonly observedAt: number
  readonly cost: Cost
}

/** One item with when (the server's `Date`, in ms) and at what cost it was read. */
export interface OneItem {
  readonly item: RawItem
  readonly observedAt: number
  readonly cost: Cost
}

/** How a site is read. All errors are AlmanacErrors, or the reason of a signal that was aborted. */
export interface Readers {
  /** Reads one page; `query` may set `pageSize`, which is 1,000 otherwise. A list that is not paged has page 1 alone. */
  page(read: ListToRead, pageNumber: number, signal?: AbortSignal): Promise<Page>
  /** Reads one item. */
  item(read: Pick<ListToRead, 'path' | 'item' | 'query'>, signal?: AbortSignal): Promise<OneItem>
}

/** What reading needs: the path of the site (`/api/3.29/sites/…`), the session, and the signal that ends the run. */
export interface ReadersOptions {
  readonly base: string
  readonly send: Send
  readonly session: Session
  readonly concurrency: number
  readonly clock: Clock
  readonly emit: Emit
  readonly signal: AbortSignal
}

/** The largest page Tableau gives (REST API help, "Paginating results"). */
export const PAGE_SIZE = 1000

interface Got {
  readonly reply: Reply
  readonly path: string
  readonly observedAt: number
  readonly cost: Cost
}

interface Wanted {
  readonly below: string
  readonly query: Readonly<Record<string, string>>
  readonly shape: Shape
  readonly signal: AbortSignal | undefined
}

/** One GET within the limit of the run, with the session's token. */
function getter({
  base,
  send,
  session,
  concurrency,
  clock,
  emit,
  signal: run,
}: ReadersOptions): (wanted: Wanted) => Promise<Got> {
  const limit = pLimit(concurrency)
  const warn = warnOnce(emit)
  return async ({ below, query, shape, signal }) => {
    const path = below === '' ? base : `${base}/${below}`
    const tally = newTally()
    const stop = linkSignals([run, signal])
    const call = (token: string) => send({ method: 'GET', path, query, shape, token }, tally, stop.signal)
    const inTurn = async () => {
      stop.signal.throwIfAborted()
      return session.withToken(call, tally, stop.signal)
    }
    const reply = await unlessAborted(limit(inTurn), stop.signal).finally(stop.release)
    warn(reply.answer.warnings, path)
    return { reply, path, observedAt: reply.date ?? clock.now(), cost: { ...tally } }
  }
}

/** Reads pages and items of one site, at most `concurrency` calls at a time over all of them. */
export function openReaders(options: ReadersOptions): Readers {
  const get = getter(options)
  return {
    page: async (read, pageNumber, signal) => {
      const isPaged = read.paging === 'numbered'
      const query = isPaged
        ? { pageSize: String(PAGE_SIZE), ...read.query, pageNumber: String(pageNumber) }
        : read.query
      const { reply, path, observedAt, cost } = await get({ below: read.path, query, shape: read, signal })
      const { items, pagination } = reply.answer
      if (!isPaged) {
        if ((pagination?.totalAvailable ?? 0) > items.length)
          throw unexpectedPages(path, items.length, pagination)
        return { items, pagination: null, observedAt, cost }
      }
      if (pagination?.pageNumber !== pageNumber) throw wrongPage(path, pageNumber, pagination)
      return { items, pagination, observedAt, cost }
    },
    item: async ({ path: below, item: name, query }, signal) => {
      const { reply, path, observedAt, cost } = await get({
        below,
        query,
        shape: { list: null, item: name },
        signal,
      })
      const item = reply.answer.items[0]
      if (item === undefined)
        throw new AlmanacError('malformed-response', `${path}: the answer holds no <${name}>`)
      return { item, observedAt, cost }
    },
  }
}

/** A list that is read as a whole and turns out to be paged must not pass for complete. */
function unexpectedPages(path: string, received: number, announced: Pagination | null): AlmanacError {
  const total = announced?.totalAvailable
  return new AlmanacError(
    'incomplete',
    `${path}: the list is not known to have pages, yet it announces ${total} items and brought ${received}`,
  )
}

function wrongPage(path: string, asked: number, got: Pagination | null): AlmanacError {
  const what = got === null ? 'an answer without pagination' : `page ${got.pageNumber}`
  return new AlmanacError('malformed-response', `${path}: page ${asked} was asked for, ${what} came`)
}

/** Tableau's warnings are told once each; a run would say the same hundreds of times. */
function warnOnce(emit: Emit): (warnings: readonly string[], path: string) => void {
  const told = new Set<string>()
  return (warnings, path) => {
    for (const warning of warnings) {
      if (told.has(warning) || told.size >= 20) continue
      told.add(warning)
      emit({ type: 'warned', entity: null, message: `Tableau warns at ${path}: ${redacted(warning, 200)}` })
    }
  }
}
