import pLimit from 'p-limit'
import { AlmanacError, isError } from '../core/errors.ts'
import { addCosts, type Cost, newTally } from './calls.ts'
import { linkSignals } from './cancel.ts'
import { type ListToRead, PAGE_SIZE, type Page, type Readers } from './readers.ts'

/**
 * What one pass over a list came to. The totals are those announced by the first and by the last page by number (null
 * where the list announces none); `oddTotal`: one that a page announced and neither of these did, null when there is none.
 * `cut`: the server ended the list before the announced total ("invalid page number").
 * `observedFrom` and `observedTo` are the server's `Date` of the earliest and the latest page, in ms.
 */
export interface Pass {
  readonly firstTotal: number | null
  readonly lastTotal: number | null
  readonly oddTotal: number | null
  readonly received: number
  readonly pages: number
  readonly cut: boolean
  readonly observedFrom: number
  readonly observedTo: number
  readonly cost: Cost
}

/** "Invalid page number" (REST API reference): after the first page, the end of what the server delivers. */
const BEYOND_END = '400006'

/**
 * Reads a list once: the first page, then the others side by side, as many as the client allows. Whether the pass is complete
 * is for the caller to judge. `onPage` gets pages in the order of their arrival, and each page once.
 * A middle page may be short, so the end is where the newest announced total is covered, not where a page is not full.
 * Where that end is the end of a full page, the next one is asked for too: a total that is too low would hide its rows.
 * Rejects with the first failure of a page, after stopping the others.
 */
export async function readPass(
  client: Pick<Readers, 'page'>,
  read: ListToRead,
  onPage: (page: Page) => void,
  signal?: AbortSignal,
): Promise<Pass> {
  const failing = new AbortController()
  const stop = linkSignals([signal, failing.signal])
  const log = passLog(onPage)
  try {
    const first = await client.page(read, 1, stop.signal)
    log.add(first)
    if (first.pagination !== null) {
      const pageSize = Math.min(first.pagination.pageSize, PAGE_SIZE)
      // Asking for the size that the server gives keeps all pages cut alike.
      const sized = { ...read, query: { ...read.query, pageSize: String(pageSize) } }
      const readOne = (number: number) => readPage(client, sized, number, stop.signal)
      await readOthers({ log, pageSize, readOne })
    }
    return log.pass()
  } catch (thrown) {
    failing.abort(thrown)
    throw thrown
  } finally {
    stop.release()
  }
}

/** A page, or `beyond` where the list ended before it. */
async function readPage(
  client: Pick<Readers, 'page'>,
  read: ListToRead,
  number: number,
  signal: AbortSignal,
): Promise<Page | 'beyond'> {
  try {
    return await client.page(read, number, signal)
  } catch (thrown) {
    if (isError(thrown, 'tableau-error') && thrown.tableauCode === BEYOND_END) return 'beyond'
    throw thrown
  }
}

interface Others {
  readonly log: PassLog
  readonly pageSize: number
  readonly readOne: (number: number) => Promise<Page | 'beyond'>
}

/** How often the end of a growing list is followed. It then changes faster than it can be read, which the totals show. */
const MAX_ROUNDS = 10

/** Ten million items at the largest page size: a total beyond that is a fault of whoever announced it. */
const MAX_PAGES = 10_000

const tooManyPages = (total: number, pageSize: number): AlmanacError =>
  new AlmanacError(
    'malformed-response',
    `A list announces ${total} items in pages of ${pageSize}: more than ${MAX_PAGES} pages`,
  )

/**
 * How many pages of a list are asked for at once, as many as any client lets through: each listens for being stopped, too,
 * and ten thousand that are stopped in one moment were seen to take 16 seconds.
 */
const WAITING = 64

async function readOthers({ log, pageSize, readOne }: Others): Promise<void> {
  let next = 2
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const last = Math.ceil(log.total() / pageSize)
    if (last > MAX_PAGES) throw tooManyPages(log.total(), pageSize)
    if (log.isCut()) return
    if (next > last) return lookBeyond({ log, pageSize, readOne }, next)
    const numbers = Array.from({ length: last - next + 1 }, (_, index) => next + index)
    const inTurn = pLimit(WAITING)
    const read = async (number: number): Promise<void> => {
      try {
        log.add(await readOne(number))
      } catch (thrown) {
        // Before the next ones have their turn.
        inTurn.clearQueue()
        throw thrown
      }
    }
    await Promise.all(numbers.map((number) => inTurn(read, number)))
    next = last + 1
  }
}

/** Rows after a full last page, or another total there, prove that the announced one is too low; that there are none is no cut. */
async function lookBeyond({ log, pageSize, readOne }: Others, next: number): Promise<void> {
  if (log.lastItems() < pageSize) return
  const after = await readOne(next)
  if (after === 'beyond') return
  const total = after.pagination?.totalAvailable ?? log.total()
  if (after.items.length > 0 || total !== log.total()) log.add(after)
}

interface PassLog {
  add(page: Page | 'beyond'): void
  isCut(): boolean
  /** The total announced by the page with the highest number so far. */
  total(): number
  /** How many items that page had. */
  lastItems(): number
  pass(): Pass
}

function passLog(onPage: (page: Page) => void): PassLog {
  let first: number | null = null
  let last = { number: 0, total: null as number | null, items: 0 }
  const totals = new Set<number | null>()
  let pass = {
    received: 0,
    pages: 0,
    cut: false,
    observedFrom: Number.POSITIVE_INFINITY,
    observedTo: 0,
    cost: newTally() as Cost,
  }
  const add = (page: Page) => {
    const [number, total] = [page.pagination?.pageNumber ?? 1, page.pagination?.totalAvailable ?? null]
    if (number === 1) first = total
    if (number >= last.number) last = { number, total, items: page.items.length }
    totals.add(total)
    pass = {
      ...pass,
      received: pass.received + page.items.length,
      pages: pass.pages + 1,
      observedFrom: Math.min(pass.observedFrom, page.observedAt),
      observedTo: Math.max(pass.observedTo, page.observedAt),
      cost: addCosts(pass.cost, page.cost),
    }
    onPage(page)
  }
  return {
    add: (page) => {
      if (page === 'beyond') pass = { ...pass, cut: true }
      else add(page)
    },
    isCut: () => pass.cut,
    total: () => last.total ?? 0,
    lastItems: () => last.items,
    pass: () => {
      const odd = [...totals].find((total) => total !== first && total !== last.total)
      return { ...pass, firstTotal: first, lastTotal: last.total, oddTotal: odd ?? null }
    },
  }
}
