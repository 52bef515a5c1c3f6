import type { Lookup } from './lookup.ts'
import type { Detail, Selection } from './selection.ts'
import { type Cell, escapeXml } from './xml.ts'

/** One attribute of an element: its name, where its value is, and whether it comes only when asked for. */
export type Attribute<Row> = { name: string; extra: boolean; value: (row: Row) => Cell }

/** A child element: `writer` is asked once per day and selection, so that it can keep what it wrote. */
export type Child<Row> = {
  name: string
  extra: boolean
  writer: (lookup: Lookup, detail: Detail) => (row: Row) => string
}

/** How objects of one kind are written: attributes and children in the order of the schema. */
export type Shape<Row> = {
  item: string
  list: string
  attributes: readonly Attribute<Row>[]
  children: readonly Child<Row>[]
}

/** Attributes that have the name of their property. */
export const plain = <K extends string>(...names: readonly K[]): Attribute<Readonly<Record<K, Cell>>>[] =>
  names.map((name) => ({ name, extra: false, value: (row) => row[name] }))

/** The same, sent only when asked for. */
export const extra = <K extends string>(...names: readonly K[]): Attribute<Readonly<Record<K, Cell>>>[] =>
  plain(...names).map((one) => ({ ...one, extra: true }))

/** Writes one object. */
export type Writer<Row> = (row: Row) => string

/** The writer of one shape on one day for one selection. */
export const writerOf = <Row>(shape: Shape<Row>, lookup: Lookup, selection: Selection): Writer<Row> => {
  const attributes = shape.attributes
    .filter((one) => selection.attribute(one.name, one.extra))
    .map(({ name, value }) => ({ opening: ` ${name}="`, value }))
  const children = shape.children.flatMap((child) => {
    const detail = selection.child(child.name, child.extra)
    return detail === undefined ? [] : [child.writer(lookup, detail)]
  })
  return (row) => {
    let text = `<${shape.item}`
    for (const { opening, value } of attributes) {
      const cell = value(row)
      if (cell !== undefined) text += `${opening}${typeof cell === 'string' ? escapeXml(cell) : cell}"`
    }
    let content = ''
    for (const write of children) content += write(row)
    return content === '' ? `${text}/>` : `${text}>${content}</${shape.item}>`
  }
}
