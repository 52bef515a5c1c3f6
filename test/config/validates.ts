import type { SchemaNode } from '../../bin/docs/fields.ts'

type Node = SchemaNode & {
  readonly pattern?: string
  readonly minLength?: number
  readonly minItems?: number
  readonly propertyNames?: SchemaNode
  readonly dependencies?: Readonly<Record<string, readonly string[]>>
}

const TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  boolean: (value) => typeof value === 'boolean',
  number: (value) => typeof value === 'number',
  integer: (value) => Number.isInteger(value),
  array: (value) => Array.isArray(value),
  object: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
}

/** What a JSON Schema asks for, as far as ours goes: draft 7 without formats. Throws at a keyword it does not know. */
export function validates(schema: SchemaNode, value: unknown, root: SchemaNode): boolean {
  const node: Node = schema
  const known = new Set([...Object.keys(CHECKS), ...SAYS_NOTHING])
  const strange = Object.keys(node).find((keyword) => !known.has(keyword))
  if (strange !== undefined)
    throw new Error(`the schema has "${strange}", which this validator does not know`)
  return Object.entries(CHECKS).every(
    ([keyword, holds]) => !Object.hasOwn(node, keyword) || holds(node, value, root),
  )
}

const SAYS_NOTHING = [
  '$schema',
  'title',
  'description',
  'default',
  'examples',
  'format',
  'definitions',
  'id',
  '$id',
]

const object = (value: unknown): Readonly<Record<string, unknown>> =>
  TYPES['object']?.(value) === true ? (value as Readonly<Record<string, unknown>>) : {}
const has = (value: unknown, name: string): boolean => Object.hasOwn(object(value), name)

/** Each keyword; one about another type than the value’s holds. */
const CHECKS: Readonly<Record<string, (node: Node, value: unknown, root: SchemaNode) => boolean>> = {
  $ref: ({ $ref = '' }, value, root) =>
    validates(root.definitions?.[$ref.replace('#/definitions/', '')] ?? { enum: [] }, value, root),
  type: ({ type = '' }, value) => TYPES[type]?.(value) === true,
  const: (node, value) => value === node.const,
  enum: (node, value) => (node.enum ?? []).some((each) => each === value),
  pattern: ({ pattern = '' }, value) => typeof value !== 'string' || new RegExp(pattern, 'u').test(value),
  minLength: ({ minLength = 0 }, value) => typeof value !== 'string' || value.length >= minLength,
  minimum: ({ minimum = 0 }, value) => typeof value !== 'number' || value >= minimum,
  maximum: ({ maximum = 0 }, value) => typeof value !== 'number' || value <= maximum,
  minItems: ({ minItems = 0 }, value) => !Array.isArray(value) || value.length >= minItems,
  items: ({ items = {} }, value, root) =>
    !Array.isArray(value) || value.every((item) => validates(items, item, root)),
  properties: ({ properties = {} }, value, root) =>
    Object.entries(object(value)).every(([name, held]) => {
      const property = Object.hasOwn(properties, name) ? properties[name] : undefined
      return property !== undefined && validates(property, held, root)
    }),
  // `false` is what `properties` says already.
  additionalProperties: ({ additionalProperties, properties = {} }, value, root) =>
    typeof additionalProperties !== 'object' ||
    Object.entries(object(value)).every(
      ([name, held]) => Object.hasOwn(properties, name) || validates(additionalProperties, held, root),
    ),
  propertyNames: ({ propertyNames = {} }, value, root) =>
    Object.keys(object(value)).every((name) => validates(propertyNames, name, root)),
  required: ({ required = [] }, value) =>
    TYPES['object']?.(value) !== true || required.every((name) => has(value, name)),
  dependencies: ({ dependencies = {} }, value) =>
    Object.entries(dependencies).every(
      ([name, others]) => !has(value, name) || others.every((other) => has(value, other)),
    ),
  anyOf: ({ anyOf = [] }, value, root) => anyOf.some((each) => validates(each, value, root)),
  allOf: ({ allOf = [] }, value, root) => allOf.every((each) => validates(each, value, root)),
  oneOf: ({ oneOf = [] }, value, root) => oneOf.filter((each) => validates(each, value, root)).length === 1,
}
