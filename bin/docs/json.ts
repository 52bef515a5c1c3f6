const WIDEST = 110

const isFlat = (value: unknown): boolean =>
  Array.isArray(value) ? value.every(isFlat) : typeof value !== 'object' || value === null

const flat = (value: unknown): string =>
  Array.isArray(value) ? `[${value.map(flat).join(', ')}]` : JSON.stringify(value)

/** JSON as the formatter of this repository writes it: a list without objects stands on one line where it fits. `used` is what the line holds already. */
export function jsonText(value: unknown, margin = '', used = 0): string {
  if (isFlat(value) && (!Array.isArray(value) || used + flat(value).length < WIDEST)) return flat(value)
  const deeper = `${margin}  `
  if (Array.isArray(value)) {
    const items = value.map((item) => `${deeper}${jsonText(item, deeper, deeper.length)}`)
    return `[\n${items.join(',\n')}\n${margin}]`
  }
  const properties = Object.entries(value ?? {}).map(([name, held]) => {
    const begin = `${deeper}${JSON.stringify(name)}: `
    return `${begin}${jsonText(held, deeper, begin.length)}`
  })
  return properties.length === 0 ? '{}' : `{\n${properties.join(',\n')}\n${margin}}`
}
