import { AlmanacError } from '../core/errors.ts'
import type { RawItem } from '../core/item.ts'
import { redacted } from '../core/redact.ts'
import { type Flattener, flattener } from './flatten.ts'
import { type Refuse, readXml, type XmlEvents } from './xml.ts'

/** Which elements of an answer are the items: those of a list element, or (list null) one below the root. */
export interface Shape {
  readonly list: string | null
  readonly item: string
}

/** What `<pagination>` announces: whole numbers, pages from 1. */
export interface Pagination {
  readonly pageNumber: number
  readonly pageSize: number
  readonly totalAvailable: number
}

/** What Tableau says in an `<error>` element; the texts come in the server's language. */
export interface Complaint {
  readonly code: string
  readonly summary: string
  readonly detail: string
}

/** A whole answer, read to its last byte. */
export interface Answer {
  readonly items: RawItem[]
  readonly pagination: Pagination | null
  readonly complaint: Complaint | null
  readonly warnings: readonly string[]
}

/** An answer in the course of being read; `end` gives it, and throws when it is not whole. */
export interface AnswerReader {
  write(bytes: Uint8Array): void
  end(): Answer
}

type Kind = 'item' | 'pagination' | 'error' | 'warnings'

interface Draft {
  items: RawItem[]
  pagination: Pagination | null
  complaint: Complaint | null
  warnings: readonly string[]
  sawList: boolean
}

/**
 * Reads an answer of Tableau's REST API strictly (envelope: Tableau's published XSD; element order is not fixed).
 * `shape` null means that no payload is expected. `place` names the request in errors.
 * Throws `malformed-response` for anything but one whole `tsResponse` that holds the expected list or item, or an `<error>`;
 * `response-too-large` when it would not fit into memory.
 */
export function openAnswer(shape: Shape | null, place: string): AnswerReader {
  const refuse: Refuse = (reason, tooLarge = false) => {
    throw new AlmanacError(
      tooLarge ? 'response-too-large' : 'malformed-response',
      `${place}: the answer is no valid Tableau XML: ${redacted(reason, 160)}`,
    )
  }
  const draft: Draft = { items: [], pagination: null, complaint: null, warnings: [], sawList: false }
  const reader = readXml(structure({ shape, draft, refuse, place }), refuse)
  return {
    write: reader.write,
    end: () => {
      reader.end()
      if (shape !== null && draft.complaint === null) mustHold(shape, draft, refuse)
      return draft
    },
  }
}

function mustHold(shape: Shape, draft: Draft, refuse: Refuse): void {
  if (shape.list !== null && !draft.sawList) refuse(`it has no <${shape.list}> element`)
  if (shape.list === null && draft.items.length !== 1)
    refuse(`it has ${draft.items.length} <${shape.item}> elements instead of one`)
}

interface Structure {
  readonly shape: Shape | null
  readonly draft: Draft
  readonly refuse: Refuse
  readonly place: string
}

/** Reads one subtree after the other into flat items, and hands each over with what it is. */
interface Capture extends XmlEvents {
  isOn(): boolean
  begin(kind: Kind): void
}

function capture(refuse: Refuse, done: (kind: Kind, item: RawItem) => void): Capture {
  const flat: Record<Kind, Flattener> = {
    item: flattener(refuse),
    pagination: flattener(refuse),
    error: flattener(refuse),
    warnings: flattener(refuse),
  }
  let kind: Kind = 'item'
  let active = flat.item
  let isOn = false
  return {
    isOn: () => isOn,
    begin: (next) => {
      kind = next
      active = flat[next]
      isOn = true
      active.begin()
    },
    open: (name) => active.open(name),
    attribute: (name, value) => active.attribute(name, value),
    text: (text) => active.text(text),
    close: () => {
      const item = active.close()
      if (item === undefined) return
      isOn = false
      done(kind, item)
    },
  }
}

/** Follows an answer down to its subtrees: root, then list or single elements, then the items of the list. */
function structure({ shape, draft, refuse, place }: Structure): XmlEvents {
  const subtree = capture(refuse, (kind, item) => finish(draft, kind, item, refuse))
  let depth = 0
  let inList = false
  const openBelowRoot = (name: string) => {
    if (name === 'error' || name === 'pagination' || name === 'warnings') subtree.begin(name)
    else if (shape?.list === null && shape.item === name) subtree.begin('item')
    else if (shape?.list === name) {
      if (draft.sawList) refuse(`it has two <${name}> elements`)
      draft.sawList = true
      inList = true
    }
  }
  const openInList = (name: string) => {
    // Skipping it would lose rows silently, where no total is announced.
    if (name !== shape?.item) refuse(`<${shape?.list}> holds <${name}> where <${shape?.item}> belongs`)
    subtree.begin('item')
  }
  return {
    open: (name) => {
      depth += 1
      if (subtree.isOn()) subtree.open(name)
      else if (depth === 1) checkRoot(name, place, refuse)
      else if (depth === 2) openBelowRoot(name)
      else if (depth === 3 && inList) openInList(name)
    },
    attribute: (name, value) => {
      if (subtree.isOn()) subtree.attribute(name, value)
    },
    text: (text) => {
      if (subtree.isOn()) subtree.text(text)
      else if ((depth === 1 || inList) && /\S/.test(text)) refuse('it has text between its elements')
    },
    close: () => {
      depth -= 1
      if (subtree.isOn()) subtree.close()
      else if (depth === 1) inList = false
    },
  }
}

function checkRoot(name: string, place: string, refuse: Refuse): void {
  if (name.toLowerCase() === 'html') {
    throw new AlmanacError('not-tableau', `${place}: this is not Tableau's REST API; it answered HTML`)
  }
  if (name !== 'tsResponse') refuse(`its root is <${name}>, not <tsResponse>`)
}

function finish(draft: Draft, kind: Kind, item: RawItem, refuse: Refuse): void {
  if (kind === 'item') draft.items.push(item)
  else if (kind === 'pagination') {
    // Two may contradict each other, and then either may hide rows.
    if (draft.pagination !== null) refuse('it has two <pagination> elements')
    draft.pagination = paginationOf(item, refuse)
  } else if (kind === 'error') {
    draft.complaint = {
      code: textOf(item, '@code'),
      summary: textOf(item, 'summary/text()'),
      detail: textOf(item, 'detail/text()'),
    }
  } else draft.warnings = [item['warning/@message'] ?? []].flat()
}

const textOf = (item: RawItem, path: string): string => [item[path] ?? ''].flat().join(' ')

function paginationOf(item: RawItem, refuse: Refuse): Pagination {
  const whole = (name: string, least: number): number => {
    const text = textOf(item, `@${name}`)
    const value = /^\d{1,15}$/.test(text) ? Number(text) : -1
    return value >= least ? value : refuse(`its pagination says ${name}="${text}"`)
  }
  return {
    pageNumber: whole('pageNumber', 1),
    pageSize: whole('pageSize', 1),
    totalAvailable: whole('totalAvailable', 0),
  }
}

/**
 * The items of a recorded answer, with no network. A text is taken as it is; bytes must be UTF-8.
 * Throws as `openAnswer` does, and `tableau-error` when what was recorded is an `<error>`.
 */
export function parsePage(
  xml: string | Uint8Array,
  shape: Shape,
): { items: RawItem[]; pagination: Pagination | null } {
  const reader = openAnswer(shape, 'recorded answer')
  reader.write(typeof xml === 'string' ? new TextEncoder().encode(xml) : xml)
  const { items, pagination, complaint } = reader.end()
  if (complaint !== null) {
    throw new AlmanacError(
      'tableau-error',
      `The recorded answer is an error of Tableau: ${complaint.code} ${complaint.summary}`,
      {
        tableauCode: complaint.code,
      },
    )
  }
  return { items, pagination }
}
