import {
  createScanner,
  findNodeAtLocation,
  getNodeValue,
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from 'jsonc-parser'
import type { Mistake } from './mistake.ts'
import type { Path } from './words.ts'

const DEEPEST = 32
const LONGEST = 1_000_000

/** What is wrong where the syntax breaks; in words of the file, never with a piece of its text. */
const SYNTAX: Readonly<Record<string, string>> = {
  InvalidSymbol: 'is no JSON: texts stand in double quotes, and there is true, false, null and numbers',
  InvalidNumberFormat: 'is no number as JSON writes them',
  PropertyNameExpected: 'lacks the name of a property, in double quotes',
  ValueExpected: 'lacks a value',
  ColonExpected: 'lacks the colon between a name and its value',
  CommaExpected: 'lacks a comma',
  CloseBraceExpected: 'lacks the } that ends an object',
  CloseBracketExpected: 'lacks the ] that ends a list',
  EndOfFileExpected: 'has more text after the end of the object',
  UnexpectedEndOfComment: 'has a comment without an end; the file is strict JSON, without comments',
  UnexpectedEndOfString: 'lacks the double quote that ends a text',
  UnexpectedEndOfNumber: 'is no number as JSON writes them',
  InvalidUnicode: 'has a \\u that four hexadecimal digits must follow',
  InvalidEscapeCharacter: 'has a backslash that means nothing in JSON; a backslash itself is written \\\\',
  InvalidCharacter: 'has a control character in a text; a tab is written \\t',
}

/** The file's text as a value with the place of each of its parts; no root when its syntax is broken. */
export interface Document {
  readonly root: Node | undefined
  /** Objects without a prototype, so that any name is a property like another. */
  readonly value: unknown
  readonly mistakes: readonly Mistake[]
}

/** Reads strict JSON. Comments, trailing commas and names given twice are mistakes beside which the rest is still read. */
export function readDocument(text: string): Document {
  const broken = (offset: number, message: string): Document => ({
    root: undefined,
    value: undefined,
    mistakes: [{ offset, path: [], message }],
  })
  if (text.length > LONGEST) return broken(0, `is longer than ${LONGEST} characters`)
  if (text.trim() === '') return broken(0, 'is empty; it takes an object with "sites"')
  const { deepest, mistakes } = scan(text)
  if (deepest !== undefined) return broken(deepest, `is nested deeper than ${DEEPEST} levels`)
  const errors: ParseError[] = []
  const root = parseTree(text, errors, { allowTrailingComma: true })
  const first = errors[0]
  // What follows the first one is mostly its consequence.
  if (first !== undefined || root === undefined)
    return broken(
      first?.offset ?? 0,
      SYNTAX[first === undefined ? '' : printParseErrorCode(first.error)] ?? 'is no JSON',
    )
  return { root, value: getNodeValue(root), mistakes: [...mistakes, ...doubles(root, [])] }
}

/** Looks at the tokens alone: what only looser kinds of JSON know, and where they are nested too deep. */
function scan(text: string): { deepest: number | undefined; mistakes: readonly Mistake[] } {
  const scanner = createScanner(text, false)
  const mistakes: Mistake[] = []
  let depth = 0
  let comma: number | undefined
  for (scanner.scan(); scanner.getTokenOffset() < text.length; scanner.scan()) {
    const offset = scanner.getTokenOffset()
    const first = text[offset] ?? ''
    if (/\s/.test(first)) continue
    if (first === '/' && scanner.getTokenLength() > 1) {
      mistakes.push({ offset, path: [], message: 'is a comment; the file is strict JSON, without comments' })
      continue
    }
    if ('{['.includes(first) && ++depth > DEEPEST) return { deepest: offset, mistakes }
    if ('}]'.includes(first)) {
      depth--
      if (comma !== undefined)
        mistakes.push({
          offset: comma,
          path: [],
          message: `is a comma too many, before the closing ${first}`,
        })
    }
    comma = first === ',' ? offset : undefined
  }
  return { deepest: undefined, mistakes }
}

/** The properties of an object node, each with its name and, unless it is broken, its value. */
export const propertiesOf = (node: Node): readonly { key: Node; name: string; value: Node | undefined }[] =>
  (node.type === 'object' ? (node.children ?? []) : []).flatMap(({ children: [key, value] = [] }) =>
    key === undefined ? [] : [{ key, name: String(key.value), value }],
  )

/** Names that stand twice in an object: JSON's readers differ in which of the two counts. */
function doubles(node: Node, path: Path): readonly Mistake[] {
  if (node.type === 'array') return (node.children ?? []).flatMap((child, i) => doubles(child, [...path, i]))
  const seen = new Set<string>()
  return propertiesOf(node).flatMap(({ key, name, value }) => {
    const below = [...path, name]
    const inner = value === undefined ? [] : doubles(value, below)
    if (!seen.has(name)) {
      seen.add(name)
      return inner
    }
    return [{ offset: key.offset, path: below, message: 'stands twice in this object' }, ...inner]
  })
}

/** Where a place of the file begins; when it is not there, the nearest thing around it that is. */
export function offsetOf(root: Node, path: Path): number {
  for (let length = path.length; length > 0; length--) {
    const node = findNodeAtLocation(root, path.slice(0, length))
    if (node !== undefined) return node.offset
  }
  return root.offset
}

/** Where the name of a property stands; where its value would be when it is no property. */
export function nameOffsetOf(root: Node, path: Path): number {
  const node = findNodeAtLocation(root, [...path])
  return node?.parent?.type === 'property' ? node.parent.offset : offsetOf(root, path)
}
