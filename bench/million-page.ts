import { boolean, double, integer, text, timestamp } from '../lib/core/column.ts'
import { type Entity, entity, list } from '../lib/core/entity.ts'
import { TWENTY_COLUMNS, twentyCells } from './twenty-columns.ts'

const BUILD = { text, integer, double, boolean, timestamp }

const sourceOf = (column: string): string =>
  column === 'owner_id' || column === 'project_id' ? `${column.slice(0, -3)}/@id` : `@${column}`

function columnsOf() {
  return Object.fromEntries(
    TWENTY_COLUMNS.map(({ name, type }) => {
      if (type === 'list' || type === 'date') throw new Error(`the benchmark has no ${type} columns`)
      return [name, BUILD[type](sourceOf(name), name)]
    }),
  )
}

/** A list of twenty columns. The registry widens declarations in the same way. */
export const BIG_LIST: Entity = entity({
  name: 'items',
  doc: 'A million of something.',
  kind: 'state',
  read: list('items', { item: 'item', since: '2.0' }),
  key: ['id'],
  columns: { ...columnsOf(), id: text('@id', 'id').required() },
  role: 'Viewer',
  belowRole: 'narrowed',
  scope: 'tableau:content:read',
  help: 'https://help.tableau.com/',
}) as unknown as Entity

const escaped = (value: string): string =>
  value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')

/** Attributes of the n-th item as Tableau would send them. */
function attributesOf(n: number): Record<string, string> {
  const row = twentyCells(n)
  const all: Record<string, string> = {}
  for (const { name, type } of TWENTY_COLUMNS) {
    const value = row[name]
    if (value === null || value === undefined) continue
    all[name] = type === 'timestamp' ? new Date(Number(value) / 1000).toISOString() : String(value)
  }
  return all
}

function itemXml(attributes: Record<string, string>): string {
  const { project_id = '', owner_id = '', ...own } = attributes
  const text = Object.entries(own).map(([name, value]) => `${name}="${escaped(value)}"`)
  return `<item ${text.join(' ')}><project id="${project_id}"/><owner id="${owner_id}"/></item>`
}

/** A page of items from number `from` on, as XML and as the equivalent JSON. */
export function millionPage(from: number, size: number, total: number): { xml: Uint8Array; json: string } {
  const items = Array.from({ length: size }, (_, i) => attributesOf(from + i))
  const pagination = `<pagination pageNumber="${from / size + 1}" pageSize="${size}" totalAvailable="${total}"/>`
  const xml = `<?xml version="1.0" encoding="UTF-8"?><tsResponse xmlns="http://tableau.com/api">${pagination}<items>${items.map(itemXml).join('')}</items></tsResponse>`
  return { xml: new TextEncoder().encode(xml), json: JSON.stringify({ items }) }
}
