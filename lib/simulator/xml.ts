const UNSAFE = /[&<>"\p{Cc}]/u
const EVERY_UNSAFE = /[&<>"\p{Cc}]/gu
const written: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
}
const read: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** What an attribute can hold; `undefined` means that it is not sent. */
export type Cell = string | number | boolean | undefined

/**
 * Text made fit for an attribute or an element. Line breaks and tabs become references, else XML turns them into
 * spaces; control characters, which XML cannot hold, become U+FFFD.
 */
export const escapeXml = (text: string): string =>
  UNSAFE.test(text) ? text.replace(EVERY_UNSAFE, (sign) => written[sign] ?? '\uFFFD') : text

/** One attribute with its leading space, or nothing. */
export const attribute = (name: string, value: Cell): string =>
  value === undefined ? '' : ` ${name}="${typeof value === 'string' ? escapeXml(value) : value}"`

/** An element of attributes and ready-made content. */
export const element = (name: string, cells: Readonly<Record<string, Cell>>, content = ''): string => {
  let text = `<${name}`
  for (const [key, value] of Object.entries(cells)) text += attribute(key, value)
  return content === '' ? `${text}/>` : `${text}>${content}</${name}>`
}

/** A whole answer in Tableau's envelope; the schema's version is named as Tableau names it, `3_29`. */
export const envelope = (apiVersion: string, content: string): string =>
  `<?xml version='1.0' encoding='UTF-8'?><tsResponse xmlns="http://tableau.com/api" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://tableau.com/api https://help.tableau.com/samples/en-us/rest_api/ts-api_${apiVersion.replace('.', '_')}.xsd">${content}</tsResponse>`

/** An error as Tableau words it: a code, a short summary and a detail. */
export const errorXml = (code: string, summary: string, detail: string): string =>
  element('error', { code }, `<summary>${escapeXml(summary)}</summary><detail>${escapeXml(detail)}</detail>`)

const decode = (text: string): string =>
  text.replace(
    /&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi,
    (whole, hex?: string, decimal?: string, name?: string) => {
      const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
      if (name !== undefined) return read[name] ?? whole
      return code > 0x10ffff ? whole : String.fromCodePoint(code)
    },
  )

/**
 * The attributes of the first element of this local name in a request body, whatever its prefix or namespace;
 * undefined when there is no such element. Not a parser: requests are small and come from programs.
 */
export const attributesOf = (body: string, name: string): ReadonlyMap<string, string> | undefined => {
  const tag = new RegExp(
    `<(?:[\\w.-]+:)?${name}((?:\\s+[\\w:.-]+\\s*=\\s*(?:"[^"]*"|'[^']*'))*)\\s*/?>`,
  ).exec(body)
  if (tag === null) return undefined
  const found = new Map<string, string>()
  for (const [, key = '', double, single] of (tag[1] ?? '').matchAll(
    /([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g,
  )) {
    found.set(key, decode(double ?? single ?? ''))
  }
  return found
}
