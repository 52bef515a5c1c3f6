import { code } from './markdown.ts'

/** What the pages read of a JSON Schema. */
export interface SchemaNode {
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
  readonly examples?: readonly unknown[]
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly additionalProperties?: boolean | SchemaNode
  readonly required?: readonly string[]
  readonly items?: SchemaNode
  readonly anyOf?: readonly SchemaNode[]
  readonly allOf?: readonly SchemaNode[]
  readonly oneOf?: readonly SchemaNode[]
  readonly enum?: readonly (string | number)[]
  readonly const?: unknown
  readonly minimum?: number
  readonly maximum?: number
  readonly format?: string
  readonly $ref?: string
  readonly definitions?: Readonly<Record<string, SchemaNode>>
}

const isReference = ({ $ref, allOf = [] }: SchemaNode): boolean =>
  $ref !== undefined || allOf.some(isReference)

const WORDS: Readonly<Record<string, string>> = {
  string: 'text',
  boolean: '`true` or `false`',
  integer: 'whole number',
  number: 'number',
  object: 'object',
}

/** What a list takes, in words. */
function listOf({ enum: names, type }: SchemaNode): string {
  if (names !== undefined) return 'list of entities'
  return type === 'string' ? 'list of texts' : 'list of objects'
}

/** What a field takes, in words. */
function takes(node: SchemaNode): string {
  if (isReference(node)) return '[reference](#references-to-secrets)'
  if (node.anyOf !== undefined) return node.anyOf.map(takes).join(' or ')
  if (node.oneOf !== undefined && node.type === undefined) return '[object](#signing-in)'
  if (node.const !== undefined) return code(JSON.stringify(node.const))
  if (node.enum !== undefined) return node.enum.map((name) => code(JSON.stringify(name))).join(', ')
  if (node.items?.properties?.['signIn'] !== undefined) return '[list of sites](#a-site)'
  if (typeof node.additionalProperties === 'object') return '[environments by name](#on-aws)'
  if (node.type === 'array') return listOf(node.items ?? {})
  if (node.format === 'date') return 'day, YYYY-MM-DD'
  const range = node.minimum === undefined ? '' : `, ${node.minimum} to ${node.maximum}`
  return `${WORDS[node.type ?? ''] ?? ''}${range}`
}

const shownDefault = (node: SchemaNode, isRequired: boolean): string => {
  if (isRequired) return 'required'
  return node.default === undefined ? '' : code(JSON.stringify(node.default))
}

const EXAMPLE_REFERENCE = '{"env":"NAME"}'

function shownExample(node: SchemaNode): string {
  const [example = node.const] = node.examples ?? []
  if (example !== undefined) return code(JSON.stringify(example))
  return isReference(node) ? code(EXAMPLE_REFERENCE) : ''
}

/** The object in a field, and how a path leads into it: itself, the items of a list, or one of the alternatives. */
function inside(node: SchemaNode): { node: SchemaNode; step: string } | undefined {
  if (isReference(node)) return undefined
  if (node.type === 'array' && node.items?.properties !== undefined) return { node: node.items, step: '[]' }
  const held = node.properties === undefined ? node.anyOf?.find(({ properties }) => properties) : node
  return held === undefined ? undefined : { node: held, step: '' }
}

/** One row for each field of an object and for each field inside it, sites apart: path, what it takes, default, example, description. */
export function fieldRows(
  { properties = {}, required = [] }: SchemaNode,
  only: (name: string) => boolean,
  around = '',
): readonly (readonly string[])[] {
  return Object.entries(properties)
    .filter(([name]) => only(name))
    .flatMap(([name, node]) => {
      const path = `${around}${name}`
      const row = [
        code(path),
        takes(node),
        shownDefault(node, required.includes(name)),
        shownExample(node),
        node.description ?? (isReference(node) ? 'Where the secret is kept.' : ''),
      ]
      const held = name === 'sites' ? undefined : inside(node)
      if (held === undefined) return [row]
      return [row, ...fieldRows(held.node, () => true, `${path}${held.step}.`)]
    })
}
