import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs, promisify } from 'node:util'
import { type Deployment, deploymentsOf } from '../lib/config/deployment.ts'
import { parseConfiguration } from '../lib/config/parse.ts'
import { AlmanacError, asAlmanacError } from '../lib/core/errors.ts'
import { ENTITIES } from '../lib/entities/index.ts'
import { alarmName, alarmsOf, PAGE } from '../lib/stacks/alarms.ts'

/** What is checked: a site of an environment, as it is deployed. */
interface Subject {
  readonly deployment: Deployment
  readonly site: string
  /** Between two looks at something that takes its time, in milliseconds. */
  readonly pause: number
}

/** A check: its name, and what it found. Throws what is wrong. */
type Check = readonly [name: string, look: (subject: Subject) => Promise<string>]

const execute = promisify(execFile)

/** Calls the AWS command line and answers what it says, as JSON. Throws what it says when it fails. */
async function aws<T>({ deployment: { region } }: Subject, ...args: readonly string[]): Promise<T> {
  const { stdout } = await execute('aws', [...args, '--region', region, '--output', 'json'], {
    env: { ...process.env, AWS_PAGER: '' },
    maxBuffer: 64 * 1024 * 1024,
  })
  return JSON.parse(stdout.trim() === '' ? '{}' : stdout) as T
}

function wrong(says: string): never {
  throw new Error(says)
}

async function identity(subject: Subject): Promise<string> {
  const { Account, Arn } = await aws<{ Account: string; Arn: string }>(subject, 'sts', 'get-caller-identity')
  const { account } = subject.deployment
  return Account === account ? `${Arn} in ${Account}` : wrong(`the account is ${Account}, and not ${account}`)
}

const bucketOf = ({ name, account, region }: Deployment): string => `almanac-${name}-${account}-${region}`

/** A write below landing, which expires by itself should it be let in. */
async function createOnly(subject: Subject): Promise<string> {
  const bucket = bucketOf(subject.deployment)
  const key = 'landing/integ/unconditional'
  const put = ['s3api', 'put-object', '--bucket', bucket, '--key', key]
  const refused = await aws(subject, ...put).then(
    () => '',
    (thrown: unknown) => String((thrown as { readonly stderr?: unknown }).stderr ?? thrown),
  )
  if (refused === '') wrong(`s3://${bucket}/${key} was written without If-None-Match`)
  return refused.includes('AccessDenied') ? 'a write without If-None-Match is refused' : wrong(refused.trim())
}

interface Resources {
  readonly StackResourceSummaries: readonly {
    readonly LogicalResourceId: string
    readonly PhysicalResourceId: string
    readonly ResourceType: string
  }[]
}

async function startFunction(subject: Subject): Promise<string> {
  const stack = `Almanac-${subject.deployment.name}-${subject.site}-Pipeline`
  const all = await aws<Resources>(subject, 'cloudformation', 'list-stack-resources', '--stack-name', stack)
  const found = all.StackResourceSummaries.find(
    ({ LogicalResourceId: id, ResourceType: type }) =>
      type === 'AWS::Lambda::Function' && id.startsWith('StartFunction'),
  )
  return found?.PhysicalResourceId ?? wrong(`${stack} has no function Start`)
}

interface Started {
  readonly run: string
  readonly started: boolean
}

/** Starts the first run of today that was not started yet. */
async function startRun(subject: Subject, name: string): Promise<string> {
  for (const rerun of [undefined, 2, 3, 4, 5, 6, 7, 8, 9]) {
    const payload = JSON.stringify(rerun === undefined ? {} : { rerun })
    const invoke = ['lambda', 'invoke', '--function-name', name, '--cli-binary-format', 'raw-in-base64-out']
    // What the function answers goes to a file, and what the command line says of it to the other end.
    const { stdout } = await execute(
      'aws',
      [...invoke, '--payload', payload, '--region', subject.deployment.region, '/dev/stdout'],
      { env: { ...process.env, AWS_PAGER: '' } },
    )
    const [answer = '{}'] = /^\{.*?\}(?=\s*\{|\s*$)/s.exec(stdout) ?? []
    const { run, started } = JSON.parse(answer) as Partial<Started>
    if (run === undefined) wrong(`Start answered ${stdout}`)
    if (started === true) return run
  }
  return wrong('today has nine runs already')
}

async function night(subject: Subject): Promise<string> {
  const { account, region, name } = subject.deployment
  const run = await startRun(subject, await startFunction(subject))
  const arn = `arn:aws:states:${region}:${account}:execution:almanac-${name}-${subject.site}:${run}`
  for (;;) {
    const { status, cause } = await aws<{ status: string; cause?: string }>(
      subject,
      ...['stepfunctions', 'describe-execution', '--execution-arn', arn],
    )
    if (status === 'SUCCEEDED') return `${run} succeeded`
    if (status !== 'RUNNING') wrong(`${run} is ${status}: ${cause ?? 'no cause'}`)
    await wait(subject.pause)
  }
}

/** The database and the workgroup of an environment. */
const databaseOf = ({ name }: Deployment): string => `almanac_${name.replaceAll('-', '_')}`

async function athena(subject: Subject): Promise<string> {
  const database = databaseOf(subject.deployment)
  const { QueryExecutionId: id } = await aws<{ QueryExecutionId: string }>(
    subject,
    ...['athena', 'start-query-execution', '--work-group', database],
    ...['--query-execution-context', `Database=${database}`, '--query-string', 'SELECT count(*) FROM users'],
  )
  for (;;) {
    const { QueryExecution } = await aws<{
      QueryExecution: { Status: { State: string; StateChangeReason?: string } }
    }>(subject, 'athena', 'get-query-execution', '--query-execution-id', id)
    const { State, StateChangeReason = '' } = QueryExecution.Status
    if (State === 'SUCCEEDED') break
    if (State !== 'QUEUED' && State !== 'RUNNING') wrong(`the query is ${State}: ${StateChangeReason}`)
    await wait(subject.pause)
  }
  const { ResultSet } = await aws<{ ResultSet: { Rows: { Data: { VarCharValue: string }[] }[] } }>(
    subject,
    ...['athena', 'get-query-results', '--query-execution-id', id],
  )
  const users = Number(ResultSet.Rows[1]?.Data[0]?.VarCharValue)
  return users > 0 ? `users has ${users} rows` : wrong(`users has ${users} rows`)
}

interface Alarms {
  readonly MetricAlarms: readonly { readonly AlarmName: string; readonly StateValue: string }[]
  readonly CompositeAlarms: readonly { readonly AlarmName: string; readonly StateValue: string }[]
}

async function alarms(subject: Subject): Promise<string> {
  const { name, alarms: own } = subject.deployment
  const nameOf = (id: string): string => alarmName(name, subject.site, id)
  const types = ['--alarm-types', 'MetricAlarm', 'CompositeAlarm']
  const asked = ['cloudwatch', 'describe-alarms', '--alarm-name-prefix', nameOf(''), ...types]
  const { MetricAlarms, CompositeAlarms } = await aws<Alarms>(subject, ...asked)
  const there = [...MetricAlarms, ...CompositeAlarms]
  const wanted = [...alarmsOf(own.snapshotAgeHours).map(({ id }) => id), PAGE].map(nameOf)
  const missing = wanted.filter((each) => !there.some(({ AlarmName }) => AlarmName === each))
  if (missing.length > 0) wrong(`${missing.join(', ')} are missing`)
  const ringing = there.filter(({ StateValue }) => StateValue === 'ALARM').map(({ AlarmName }) => AlarmName)
  return ringing.length === 0
    ? `${wanted.length} are there, and none rings`
    : wrong(`${ringing.join(', ')} ring`)
}

async function subscribed(subject: Subject): Promise<string> {
  const stack = `Almanac-${subject.deployment.name}-State`
  const all = await aws<Resources>(subject, 'cloudformation', 'list-stack-resources', '--stack-name', stack)
  const topic = all.StackResourceSummaries.find(({ ResourceType }) => ResourceType === 'AWS::SNS::Topic')
  const { Subscriptions } = await aws<{ Subscriptions: { Endpoint: string; SubscriptionArn: string }[] }>(
    subject,
    ...['sns', 'list-subscriptions-by-topic', '--topic-arn', topic?.PhysicalResourceId ?? ''],
  )
  const open = Subscriptions.filter(({ SubscriptionArn }) => !SubscriptionArn.startsWith('arn:'))
  if (open.length > 0) wrong(`not confirmed: ${open.map(({ Endpoint }) => Endpoint).join(', ')}`)
  return Subscriptions.length > 0 ? `${Subscriptions.length} confirmed` : wrong('nobody is told')
}

const CHECKS: readonly Check[] = [
  ['identity', identity],
  ['create-only', createOnly],
  ['mails', subscribed],
  ['night', night],
  ['athena', athena],
  ['alarms', alarms],
]

async function subjectOf(args: readonly string[]): Promise<Subject> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      config: { type: 'string', default: 'almanac.config.json' },
      environment: { type: 'string', default: '' },
      site: { type: 'string', default: '' },
      pause: { type: 'string', default: '15' },
    },
  })
  const text = await readFile(values.config, 'utf8')
  const entities = ENTITIES.map(({ name }) => name)
  const all = deploymentsOf(parseConfiguration({ path: values.config, text, entities, cwd: process.cwd() }))
  const deployment = all.find(({ name }) => name === values.environment)
  const site = deployment?.sites.find(({ slug }) => slug === values.site)?.slug
  if (deployment === undefined || site === undefined)
    throw new AlmanacError('usage', 'integ takes an environment and a site of the configuration', {
      next: `It has: ${all.flatMap(({ name, sites }) => sites.map(({ slug }) => `--environment ${name} --site ${slug}`)).join(', ')}.`,
    })
  return { deployment, site, pause: Number(values.pause) * 1000 }
}

/** Whether a check found what it wants; says so. */
async function isWell([name, look]: Check, subject: Subject): Promise<boolean> {
  const say = (verdict: string, says: string): boolean =>
    process.stdout.write(`${verdict.padEnd(4)} ${name.padEnd(11)} ${says}\n`)
  try {
    say('ok', await look(subject))
    return true
  } catch (thrown) {
    say('fail', thrown instanceof Error ? thrown.message.trim() : String(thrown))
    return false
  }
}

/** Looks at a deployed site with the AWS command line, and reads a night of it. Deploys nothing. */
async function main(args: readonly string[]): Promise<void> {
  const subject = await subjectOf(args)
  for (const check of CHECKS) if (!(await isWell(check, subject))) process.exitCode = 1
}

main(process.argv.slice(2)).catch((thrown: unknown) => {
  const { message, next, exit } = asAlmanacError(thrown)
  process.stderr.write(`error: ${message}\nnext: ${next}\n`)
  process.exitCode = exit
})
