/** A statement of a policy, its references resolved. */
export interface Statement {
  readonly Effect: 'Allow' | 'Deny'
  readonly Action: string | readonly string[]
  readonly Resource: string | readonly string[]
  readonly Principal?: unknown
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

/** What somebody asks of AWS. A key that is not in the context is not in the request. */
export interface Request {
  readonly action: string
  readonly resource: string
  readonly context?: Readonly<Record<string, string>>
}

/** `forbidden`: a statement says no, whoever else says yes. `denied`: nobody says yes. */
export type Decision = 'allowed' | 'denied' | 'forbidden'

/** One text or several, as a list. */
export const listOf = (value: string | readonly string[]): readonly string[] =>
  typeof value === 'string' ? [value] : value

/** Whether a text matches a pattern of IAM: `*` stands for any text, `?` for one character. */
export function matches(pattern: string, text: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`, 's').test(text)
}

type Test = (actual: string | undefined, wanted: string) => boolean

/** The operators that ours use; a request without the key meets none of them but `Null`. */
const OPERATORS: Readonly<Record<string, Test>> = {
  Null: (actual, wanted) => (actual === undefined) === (wanted === 'true'),
  Bool: (actual, wanted) => actual === wanted,
  StringEquals: (actual, wanted) => actual === wanted,
  StringLike: (actual, wanted) => actual !== undefined && matches(wanted, actual),
  ArnLike: (actual, wanted) => actual !== undefined && matches(wanted, actual),
  NumericLessThan: (actual, wanted) => actual !== undefined && Number(actual) < Number(wanted),
}

/** All keys of all operators must be met; of several values of a key, one. Throws for an operator that it does not know. */
function isMet({ Condition = {} }: Statement, { context = {} }: Request): boolean {
  return Object.entries(Condition).every(([name, keys]) => {
    const test = OPERATORS[name]
    if (test === undefined) throw new Error(`the evaluator knows no condition "${name}"`)
    return Object.entries(keys).every(([key, wanted]) =>
      [wanted].flat().some((each) => test(context[key], String(each))),
    )
  })
}

function applies(statement: Statement, request: Request): boolean {
  const unknown = Object.keys(statement).filter((key) => /^Not/.test(key))
  if (unknown.length > 0) throw new Error(`the evaluator knows no ${unknown.join(', ')}`)
  const { Action, Resource } = statement
  return (
    listOf(Action).some((action) => matches(action.toLowerCase(), request.action.toLowerCase())) &&
    listOf(Resource).some((resource) => matches(resource, request.resource)) &&
    isMet(statement, request)
  )
}

/** Whether a statement of a resource's policy is about everybody. */
const isOfEverybody = ({ Principal }: Statement): boolean =>
  Principal === '*' || JSON.stringify(Principal) === '{"AWS":"*"}'

/**
 * What AWS decides about a request from the same account, by what the caller's role allows and what the resource's policy
 * says to everybody (IAM User Guide, "Policy evaluation logic"): a refusal counts first, then a permission, else no.
 */
export function decide(
  request: Request,
  role: readonly Statement[],
  ofResource: readonly Statement[] = [],
): Decision {
  const all = [...role, ...ofResource.filter(isOfEverybody)].filter((each) => applies(each, request))
  if (all.some(({ Effect }) => Effect === 'Deny')) return 'forbidden'
  return all.some(({ Effect }) => Effect === 'Allow') ? 'allowed' : 'denied'
}
