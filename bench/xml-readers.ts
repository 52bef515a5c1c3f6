import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { SaxesParser } from 'saxes'
import type { RawItem } from '../lib/core/item.ts'
import { parsePage } from '../lib/tableau/answer.ts'

/** A way to read the workbooks of a page of XML. Throws when it notices that something is wrong with it. */
export interface XmlReaderUnderTest {
  readonly name: string
  items(xml: string): readonly RawItem[]
}

type Growing = Record<string, string | string[]>

function put(item: Growing, path: string, value: string): void {
  const before = item[path]
  if (before === undefined) item[path] = value
  else item[path] = [before, value].flat()
}

/** saxes with the least that gives the same items: no checks of ours, no bounds. */
function bareSaxes(xml: string): readonly RawItem[] {
  const items: RawItem[] = []
  const path: string[] = []
  let item: Growing | undefined
  const parser = new SaxesParser({ position: false })
  parser.on('opentag', ({ name, attributes }) => {
    if (name === 'workbook' && item === undefined) item = Object.create(null) as Growing
    else if (item !== undefined) path.push(name)
    if (item === undefined) return
    const at = path.join('/')
    if (at !== '') put(item, at, '')
    for (const [key, value] of Object.entries(attributes))
      put(item, at === '' ? `@${key}` : `${at}/@${key}`, value)
  })
  parser.on('closetag', () => {
    if (item === undefined) return
    if (path.pop() === undefined) {
      items.push(item)
      item = undefined
    }
  })
  parser.write(xml).close()
  return items
}

type Node = Readonly<Record<string, unknown>>

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function flatten(node: unknown, path: string, item: Growing): void {
  if (path !== '') put(item, path, '')
  if (!isNode(node)) return
  for (const [key, value] of Object.entries(node)) {
    if (key.startsWith('@')) put(item, path === '' ? key : `${path}/${key}`, String(value))
    else for (const child of [value].flat()) flatten(child, path === '' ? key : `${path}/${key}`, item)
  }
}

const below = (node: unknown, name: string): unknown => (isNode(node) ? node[name] : undefined)

function treeItems(tree: unknown): readonly RawItem[] {
  const workbooks = below(below(below(tree, 'tsResponse'), 'workbooks'), 'workbook')
  return [workbooks ?? []].flat().map((node) => {
    const item: Growing = Object.create(null)
    flatten(node, '', item)
    return item
  })
}

const asItIs = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '@' })
const careful = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseTagValue: false,
  trimValues: false,
  htmlEntities: true,
})

function validated(xml: string): readonly RawItem[] {
  const verdict = XMLValidator.validate(xml)
  if (verdict !== true) throw new Error(verdict.err.msg)
  return treeItems(careful.parse(xml))
}

/** The readers that were weighed for Tableau's answers, ours first. */
export const XML_READERS: readonly XmlReaderUnderTest[] = [
  {
    name: 'ours: saxes, strict',
    items: (xml) => parsePage(xml, { list: 'workbooks', item: 'workbook' }).items,
  },
  { name: 'saxes, bare', items: bareSaxes },
  { name: 'fast-xml-parser, default', items: (xml) => treeItems(asItIs.parse(xml)) },
  { name: 'fast-xml-parser, entities decoded', items: (xml) => treeItems(careful.parse(xml)) },
  { name: 'the same after its validator', items: validated },
]
