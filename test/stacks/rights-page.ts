import { ENTITIES } from '../../lib/entities/index.ts'
import { listOf, type Statement } from './iam.ts'
import { rolesOf } from './roles.ts'
import type { Synthesis } from './templates.ts'

const STACK = 'Almanac-prod-marketing-Pipeline'

/** How resources of the fixture’s deployment are called; what has no name here has no place in a table of rights. */
const WORDS: readonly (readonly [pattern: RegExp, words: string])[] = [
  [/^\*$/, '(AWS lets one name none)'],
  [/^arn:aws:s3:::almanac-prod-[\w-]+$/, 'the bucket'],
  [/^arn:aws:kms:.*:key\/Key\w+$/, 'the environment’s key'],
  [/^arn:aws:logs:.*$/, 'its own log group'],
  [/^arn:aws:sqs:.*:DeadLetters\w+$/, 'the queue of dead letters'],
  [/^arn:aws:secretsmanager:.*:secret:almanac\/marketing-\?{6}$/, 'the secret of the token'],
  [/^arn:aws:secretsmanager:.*:secret:almanac\/proxy-\?{6}$/, 'the secret of the proxy’s password'],
  [/^arn:aws:secretsmanager:.*:secret:almanac\/slack-\?{6}$/, 'the secrets of the webhooks'],
  [/^arn:aws:secretsmanager:.*:secret:Sessionmarketing\w+-AbCdEf$/, 'the secret of the site’s session'],
  [/^arn:aws:states:.*:stateMachine:almanac-prod-marketing$/, 'the site’s state machine'],
  [/^arn:aws:states:.*:execution:almanac-prod-marketing:\*$/, 'executions of the site'],
  [/^arn:aws:states:.*:execution:almanac-prod-\*$/, 'executions of the environment'],
  [/^arn:aws:lambda:.*:function:Extract\w+$/, 'function `extract`, each'],
]

function wordsOf(resource: string, entity: string | undefined): string {
  const [, path] = /^arn:aws:s3:::[\w-]+\/(.+)$/.exec(resource) ?? []
  if (path !== undefined) {
    const ours = path.replace('site=marketing', 'site=S').replace('marketing.json', 'S.json')
    return `\`${entity === undefined ? ours : ours.replace(`entity=${entity}/`, 'entity=E/')}\``
  }
  const [, name, open] = /:function:([A-Z][a-z]+)Function\w+(:\*)?$/.exec(resource) ?? []
  if (name !== undefined && !name.startsWith('Extract'))
    return `function \`${name.toLowerCase()}\`${open === undefined ? '' : ', its versions'}`
  const found = WORDS.find(([pattern]) => pattern.test(resource))
  if (found === undefined) throw new Error(`a table of rights has no words for ${resource}`)
  return found[1]
}

const unique = (texts: readonly string[]): readonly string[] => [...new Set(texts)].sort()

/** The rows of one of them: what it may do, on what. */
function rowsOf(who: string, statements: readonly Statement[]): readonly string[] {
  const entity = /^extract (\w+)$/.exec(who)?.[1]
  return statements.map(({ Action, Resource }) => {
    const actions = unique(listOf(Action)).map((action) => `\`${action}\``)
    const resources = unique(listOf(Resource).map((each) => wordsOf(each, entity)))
    return `| ${actions.join(' ')} | ${resources.join('<br>')} |`
  })
}

interface Told {
  readonly who: string
  readonly rows: readonly string[]
}

const isFunction = ({ who }: Told): boolean => !['machine', 'nightly', 'hourly'].includes(who)

/** One for all extractors of a kind. Throws when they differ in more than their entity. */
function merged(all: readonly Told[]): readonly Told[] {
  const kindOf = ({ who }: Told): string => {
    const [, entity] = who.split(' ')
    const isEvent = ENTITIES.some(({ name, event }) => name === entity && event !== undefined)
    return entity === undefined ? who : `extract${isEvent ? ' (events)' : ''}`
  }
  const kinds = new Map<string, Told>()
  for (const told of all) {
    const kind = kindOf(told)
    const first = kinds.get(kind) ?? { who: kind, rows: told.rows }
    if (first.rows.join() !== told.rows.join()) throw new Error(`${told.who} has rights of its own`)
    kinds.set(kind, first)
  }
  return [...kinds.values()]
}

/** Who may do what, as the rows of a table. */
export function rightsTable(synthesis: Synthesis): readonly string[] {
  const told = merged(
    [...rolesOf(synthesis, STACK)].map(([who, statements]) => ({ who, rows: rowsOf(who, statements) })),
  )
  const functions = told.filter(isFunction)
  const common = functions[0]?.rows.filter((row) => functions.every(({ rows }) => rows.includes(row))) ?? []
  const own = told.flatMap((each) =>
    each.rows
      .filter((row) => !isFunction(each) || !common.includes(row))
      .map((row) => `| ${each.who} ${row}`),
  )
  return [...common.map((row) => `| every function ${row}`), ...own]
}
