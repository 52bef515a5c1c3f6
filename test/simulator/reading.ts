import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { XmlDocument, XmlElement, XsdValidator } from 'libxml2-wasm'

const namespaces = { t: 'http://tableau.com/api' }

const flatten = (
  element: XmlElement,
  prefix: string,
  cells: Record<string, string>,
): Record<string, string> => {
  for (const { name, content } of element.attrs) {
    const key = `${prefix}@${name}`
    cells[key] = cells[key] === undefined ? content : `${cells[key]}|${content}`
  }
  for (let child = element.firstChild; child !== null; child = child.next) {
    if (child instanceof XmlElement) flatten(child, `${prefix}${child.name}/`, cells)
  }
  return cells
}

const withDocument = <T>(xml: string, use: (document: XmlDocument) => T): T => {
  const document = XmlDocument.fromString(xml)
  try {
    return use(document)
  } finally {
    document.dispose()
  }
}

/** The elements of a name as flat cells: `@id`, `owner/@id`, `tags/tag/@label` (several joined by `|`). */
export const rowsOf = (xml: string, item: string): Record<string, string>[] =>
  withDocument(xml, (document) =>
    document
      .find(`/t:tsResponse/*/t:${item} | /t:tsResponse/t:${item}`, namespaces)
      .flatMap((node) => (node instanceof XmlElement ? [flatten(node, '', {})] : [])),
  )

/** The total that a page announces. */
export const totalAvailable = (xml: string): number => Number(/totalAvailable="(\d+)"/.exec(xml)?.[1])

const schema = XmlDocument.fromBuffer(
  readFileSync(fileURLToPath(new URL('../fixtures/xsd/ts-api-3.29-subset.xsd', import.meta.url))),
)
const validator = XsdValidator.fromDoc(schema)

/** Throws what the schema has against an answer. */
export const validate = (xml: string): void => withDocument(xml, (document) => validator.validate(document))
