/** A pattern of EventBridge, and the event that it is held against, as far as ours go. */
type Json = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const asRegExp = (wildcard: string): RegExp =>
  new RegExp(
    `^${wildcard
      .split('*')
      .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')}$`,
  )

/** Whether a field is as one of the wanted values says. Throws for a kind of filter that is not known here. */
function fits(wanted: unknown, value: unknown): boolean {
  if (!isObject(wanted)) return wanted === value
  const [[kind, what] = []] = Object.entries(wanted)
  if (kind === 'exists') return (value !== undefined) === what
  if (kind === 'wildcard') return typeof value === 'string' && asRegExp(String(what)).test(value)
  // A field that is not there is no other value.
  if (kind === 'anything-but' && Array.isArray(what)) return value !== undefined && !what.includes(value)
  throw new Error(`an event pattern has the filter ${kind}`)
}

/** Whether an event is one that a rule hears, as EventBridge’s documentation says of event patterns. */
export function hears(pattern: Json, event: unknown): boolean {
  const fields: Json = isObject(event) ? event : {}
  return Object.entries(pattern).every(([name, wanted]) => {
    if (name === '$or' && Array.isArray(wanted)) return wanted.some((each) => hears(each, event))
    if (isObject(wanted)) return hears(wanted, fields[name])
    return Array.isArray(wanted) && wanted.some((each) => fits(each, fields[name]))
  })
}
