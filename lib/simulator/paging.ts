import { refused } from './refusal.ts'
import { element } from './xml.ts'

/** The page asked for; pages count from 1. */
export type Page = { number: number; size: number }

const LARGEST = 1000
const USUAL = 100

const positive = (text: string): number | undefined =>
  /^\+?0*[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined

/**
 * The page that a request asks for. Refuses with 400006 (number), 400007 (size) and 403014 (size above 1000),
 * as Tableau help: Paginate Results and the methods' error lists say.
 */
export const pageOf = (query: URLSearchParams): Page => {
  const numberText = query.get('pageNumber') ?? '1'
  const sizeText = query.get('pageSize') ?? String(USUAL)
  const number = positive(numberText)
  const size = positive(sizeText)
  if (size === undefined) throw refused(400007, `Invalid page size '${sizeText}'`)
  if (size > LARGEST) throw refused(403014, `Page size ${size} exceeds the limit of ${LARGEST}`)
  if (number === undefined) throw refused(400006, `Invalid page number '${numberText}'`)
  return { number, size }
}

/** The rows of a page; refuses a page beyond the last with 400006. The first page of an empty list is empty. */
export const pageRows = <T>(rows: readonly T[], page: Page, delivered = rows.length): readonly T[] => {
  const start = (page.number - 1) * page.size
  if (page.number > 1 && start >= delivered) throw refused(400006, `Invalid page number '${page.number}'`)
  return rows.slice(start, start + page.size)
}

/** The `pagination` element. */
export const paginationXml = (page: Page, totalAvailable: number): string =>
  element('pagination', { pageNumber: page.number, pageSize: page.size, totalAvailable })
