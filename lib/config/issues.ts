import type { Node } from 'jsonc-parser'
import type * as z from 'zod'
import { nameOffsetOf, offsetOf, propertiesOf } from './document.ts'
import type { Mistake } from './mistake.ts'
import { isSecretName, looksSecret, NO_SECRETS } from './plaintext.ts'
import type { Path } from './words.ts'

type Issue = z.core.$ZodIssue

/** What of an issue's path can stand in JSON. */
const pathOf = (issue: Issue): Path => issue.path.map((key) => (typeof key === 'number' ? key : String(key)))

/** Of a union, the issues of the alternative that has the right kind of value; undefined when none has. */
const insideOf = (issue: Issue): readonly Issue[] | undefined =>
  issue.code === 'invalid_union'
    ? issue.errors.find(
        (inner) => !inner.some(({ code, path }) => path.length === 0 && code !== 'unrecognized_keys'),
      )
    : undefined

/** One issue of the shape as mistakes: one, or one for each unknown property. `around` is the path of the union it is in. */
function mistakesOf(issue: Issue, root: Node, around: Path): readonly Mistake[] {
  const path = [...around, ...pathOf(issue)]
  const inside = insideOf(issue)
  if (inside !== undefined) return inside.flatMap((inner) => mistakesOf(inner, root, path))
  if (issue.code !== 'unrecognized_keys') {
    const offset = issue.code === 'invalid_key' ? nameOffsetOf(root, path) : offsetOf(root, path)
    return [{ offset, path, message: issue.message }]
  }
  // The message has a line for each key: see `closed`.
  const messages = issue.message.split('\n')
  return issue.keys.map((key, i) => {
    const place = [...path, key]
    return { offset: nameOffsetOf(root, place), path: place, message: messages[i] ?? '' }
  })
}

/** Everything that is wrong with the shape. */
export const shapeMistakes = (issues: readonly Issue[], root: Node): readonly Mistake[] =>
  issues.flatMap((issue) => mistakesOf(issue, root, []))

/**
 * Everything in the file that is a secret or looks like one: a text of that look, wherever it stands and be it the name of
 * a property; a text or number under a name like `password`. The message never holds it.
 */
export function secretMistakes(node: Node, path: Path = [], isNamed = false): readonly Mistake[] {
  if (node.type === 'array')
    return (node.children ?? []).flatMap((child, i) => secretMistakes(child, [...path, i], isNamed))
  if (node.type === 'object') return propertiesOf(node).flatMap((property) => inProperty(property, path))
  const isText = node.type === 'string'
  const isSecret = isText ? isNamed || looksSecret(String(node.value)) : isNamed && node.type === 'number'
  return isSecret ? [{ offset: node.offset, path, message: NO_SECRETS }] : []
}

function inProperty(
  { key, name, value }: { key: Node; name: string; value: Node | undefined },
  around: Path,
): readonly Mistake[] {
  const path = [...around, name]
  const inside = value === undefined ? [] : secretMistakes(value, path, isSecretName(name))
  return looksSecret(name) ? [{ offset: key.offset, path, message: NO_SECRETS }, ...inside] : inside
}
