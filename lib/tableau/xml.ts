import { SaxesParser } from 'saxes'

/** What happens while a document is read. Names are local: prefixes are cut off. */
export interface XmlEvents {
  open(name: string): void
  /** An attribute of the element that was opened last. Declarations of namespaces and of schemas are not told. */
  attribute(name: string, value: string): void
  text(text: string): void
  close(): void
}

/** A document in the course of being read. Feed it bytes as they come; `end` makes sure that it is whole. */
export interface XmlReader {
  write(bytes: Uint8Array): void
  end(): void
}

/** Deeper than any answer of Tableau by far. */
const MAX_DEPTH = 64
/** A single value or tag longer than this is an attack on memory, not a description. */
const MAX_SILENT_BYTES = 8 * 1024 * 1024
/** Small steps keep bounds exact, and keep a long text from being held whole by the short values cut out of it. */
const STEP_BYTES = 65_536
/** Ten times what the longest list without pages may have, and what fits into 100 MiB. */
const MAX_ELEMENTS = 500_000
/** The parser holds all of an element's attributes; the site, which has most, has about 150. */
const MAX_ATTRIBUTES = 1_000
/** As many values as fit into 100 MiB: elements are few where each of them has many. */
const MAX_VALUES = 2_000_000
/** Names are remembered for speed, so there must be an end to them. Tableau's whole schema has fewer. */
const MAX_NAMES = 5_000

/** Says why a document is not read on, and throws; `tooLarge` where it would not fit into memory. */
export type Refuse = (reason: string, tooLarge?: boolean) => never

const afterPrefix = (name: string): string => name.slice(name.indexOf(':') + 1)
const isNoise = (name: string): boolean =>
  name === 'xmlns' || name.startsWith('xmlns:') || name.startsWith('xsi:')

/** A function of names that computes once per name: a page has 15,000 attributes of 15 names. */
function memorized<T>(compute: (name: string) => T, refuse: Refuse): (name: string) => T {
  const memory = new Map<string, T>()
  return (name) => {
    if (memory.has(name)) return memory.get(name) as T // just seen to be there
    if (memory.size >= MAX_NAMES) refuse(`it has more than ${MAX_NAMES} different names`, true)
    const value = compute(name)
    memory.set(name, value)
    return value
  }
}

/**
 * A strict streaming reader: UTF-8 only, exactly one root, well-formed to the last byte, no DOCTYPE, bounded depth and memory.
 * `refuse` is called with the reason and must throw; nothing that was told before a refusal may be used.
 */
export function readXml(events: XmlEvents, refuse: Refuse): XmlReader {
  const parser = new SaxesParser({ position: false, defaultXMLVersion: '1.0', forceXMLVersion: true })
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const bounds = boundsOf(refuse)
  listen(parser, { events, refuse, bounds })
  const strictly = (step: () => void) => {
    try {
      step()
    } catch (thrown) {
      refuse(reasonOf(thrown))
    }
  }
  const feed = (bytes: Uint8Array) => {
    bounds.fed(bytes.length)
    parser.write(decoder.decode(bytes, { stream: true }))
  }
  return {
    write: (bytes) =>
      strictly(() => {
        for (let from = 0; from < bytes.length; from += STEP_BYTES)
          feed(bytes.subarray(from, from + STEP_BYTES))
      }),
    end: () =>
      strictly(() => {
        parser.write(decoder.decode())
        parser.close()
      }),
  }
}

/** Why the decoder or the parser stopped; what neither of them threw goes on as it is. */
function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) throw thrown
  if ('code' in thrown && thrown.code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return 'it is not UTF-8'
  // The parser throws plain errors; ours and defects have classes of their own.
  if (Object.getPrototypeOf(thrown) !== Error.prototype) throw thrown
  return thrown.message
}

interface Bounds {
  fed(bytes: number): void
  /** How many elements were opened so far. */
  opened(): number
  attributed(): void
  closed(): void
}

function boundsOf(refuse: Refuse): Bounds {
  let depth = 0
  let elements = 0
  let silent = 0
  let attributes = 0
  let values = 0
  return {
    fed: (bytes) => {
      silent += bytes
      if (silent > MAX_SILENT_BYTES) refuse(`a single value is longer than ${MAX_SILENT_BYTES} bytes`, true)
    },
    opened: () => {
      silent = 0
      elements += 1
      depth += 1
      attributes = 0
      if (depth > MAX_DEPTH) refuse(`its elements nest deeper than ${MAX_DEPTH}`)
      if (elements > MAX_ELEMENTS) refuse(`it has more than ${MAX_ELEMENTS} elements`, true)
      return elements
    },
    attributed: () => {
      attributes += 1
      values += 1
      if (attributes > MAX_ATTRIBUTES) refuse(`an element has more than ${MAX_ATTRIBUTES} attributes`, true)
      if (values > MAX_VALUES) refuse(`it has more than ${MAX_VALUES} attributes`, true)
    },
    closed: () => {
      silent = 0
      depth -= 1
    },
  }
}

function checkEncoding(encoding: string | undefined, refuse: Refuse): void {
  if (encoding !== undefined && !/^(utf-?8|us-ascii)$/i.test(encoding)) refuse(`its encoding is ${encoding}`)
}

interface Listening {
  readonly events: XmlEvents
  readonly refuse: Refuse
  readonly bounds: Bounds
}

/**
 * Six handlers, not one more: with the eighth, V8 turns the parser into a dictionary object and reading takes
 * five times as long (measured on Node 20). So errors are caught where they are thrown, and the encoding is looked at once.
 */
function listen(parser: SaxesParser<{ position: false }>, { events, refuse, bounds }: Listening): void {
  const elementName = memorized(afterPrefix, refuse)
  const attributeName = memorized((name) => (isNoise(name) ? null : afterPrefix(name)), refuse)
  parser.on('doctype', () => refuse('it has a DOCTYPE'))
  parser.on('opentagstart', ({ name }) => {
    if (bounds.opened() === 1) checkEncoding(parser.xmlDecl.encoding, refuse)
    events.open(elementName(name))
  })
  parser.on('attribute', ({ name, value }) => {
    bounds.attributed()
    const local = attributeName(name)
    if (local !== null) events.attribute(local, value)
  })
  parser.on('text', (text) => events.text(text))
  parser.on('cdata', (text) => events.text(text))
  parser.on('closetag', () => {
    bounds.closed()
    events.close()
  })
}
