/** How much of a nested element is sent: the usual, all, or the attributes named. */
export type Detail = 'default' | 'all' | ReadonlySet<string>

/** What a request's `fields` asks for. */
export type Selection = {
  /** The same for equal requests; a key for caches. */
  readonly key: string
  /** Whether this attribute is sent; `extra` ones are only sent when asked for. */
  attribute(name: string, extra: boolean): boolean
  /** How much of this child element is sent; undefined means not at all. */
  child(name: string, extra: boolean): Detail | undefined
}

const childDetail = (names: ReadonlySet<string>, name: string): Detail | undefined => {
  if (names.has(name)) return 'default'
  const own = [...names]
    .filter((field) => field.startsWith(`${name}.`))
    .map((field) => field.slice(name.length + 1))
  return own.length === 0 ? undefined : new Set(own)
}

/**
 * Reads a `fields` parameter: a comma list of names, `child.name`, `_default_` and `_all_`
 * (Tableau help: Use Fields in the REST API). With `atLeast`, what is named comes on top of the usual
 * attributes, as it does for users.
 */
export const selectionOf = (fields: string | null, atLeast = false): Selection => {
  const names = new Set((fields || '_default_').split(',').map((name) => name.trim()))
  const all = names.has('_all_')
  const usual = all || atLeast || names.has('_default_')
  return {
    key: all ? '_all_' : [...names, usual ? '_default_' : ''].sort().join(','),
    attribute: (name, extra) => all || (usual && !extra) || names.has(name),
    child: (name, extra) => {
      if (all) return 'all'
      return childDetail(names, name) ?? (usual && !extra ? 'default' : undefined)
    },
  }
}
