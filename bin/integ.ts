import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs, promisify } from 'node:util'
import { catalogOf } from '../lib/athena/catalog.ts'
import { FIRST_DAY } from '../lib/athena/projection.ts'
import {
  bucketName,
  type Deployment,
  databaseName,
  deploymentsOf,
  machineName,
} from '../lib/config/deployment.ts'
import { parseConfiguration } from '../lib/config/parse.ts'
import { AlmanacError, asAlmanacError, saidBy } from '../lib/core/errors.ts'
import { ENTITIES, VIEWS } from '../lib/entities/index.ts'
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

/** The nightly, and the hourly look at how old the newest snapshot is. */
const SCHEDULES = 2

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

/** A write below landing, which expires by itself should it be let in. */
async function createOnly(subject: Subject): Promise<string> {
  const bucket = bucketName(subject.deployment)
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

/** The resources of a type that a stack of the environment has. */
async function resourcesOf(subject: Subject, stack: string, type: string) {
  const name = `Almanac-${subject.deployment.name}-${stack}`
  const asked = ['cloudformation', 'list-stack-resources', '--stack-name', name]
  const { StackResourceSummaries } = await aws<Resources>(subject, ...asked)
  return StackResourceSummaries.filter(({ ResourceType }) => ResourceType === type)
}

async function startFunction(subject: Subject): Promise<string> {
  const functions = await resourcesOf(subject, `${subject.site}-Pipeline`, 'AWS::Lambda::Function')
  const found = functions.find(({ LogicalResourceId: id }) => id.startsWith('StartFunction'))
  return found?.PhysicalResourceId ?? wrong(`the pipeline of ${subject.site} has no function Start`)
}

async function schedules(subject: Subject): Promise<string> {
  const there = await resourcesOf(subject, `${subject.site}-Pipeline`, 'AWS::Scheduler::Schedule')
  for (const { LogicalResourceId: id, PhysicalResourceId: name } of there) {
    const { State } = await aws<{ State: string }>(subject, 'scheduler', 'get-schedule', '--name', name)
    if (State !== 'ENABLED') wrong(`${id} is ${State}`)
  }
  return there.length === SCHEDULES
    ? `${SCHEDULES} are on`
    : wrong(`${there.length} of ${SCHEDULES} are there`)
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
  const arn = `arn:aws:states:${region}:${account}:execution:${machineName(name, subject.site)}:${run}`
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

/** Asks in the environment's workgroup, and answers the query's id when it succeeded. */
async function ask(subject: Subject, sql: string): Promise<string> {
  const database = databaseName(subject.deployment.name)
  const { QueryExecutionId: id } = await aws<{ QueryExecutionId: string }>(
    subject,
    ...['athena', 'start-query-execution', '--work-group', database],
    ...['--query-execution-context', `Database=${database}`, '--query-string', sql],
  )
  for (;;) {
    const { QueryExecution } = await aws<{
      QueryExecution: { Status: { State: string; StateChangeReason?: string } }
    }>(subject, 'athena', 'get-query-execution', '--query-execution-id', id)
    const { State, StateChangeReason = '' } = QueryExecution.Status
    if (State === 'SUCCEEDED') return id
    if (State !== 'QUEUED' && State !== 'RUNNING') wrong(`${sql} is ${State}: ${StateChangeReason}`)
    // Questions take seconds, and nights minutes.
    await wait(subject.pause / 10)
  }
}

async function athena(subject: Subject): Promise<string> {
  const id = await ask(subject, 'SELECT count(*) FROM users')
  const { ResultSet } = await aws<{ ResultSet: { Rows: { Data: { VarCharValue: string }[] }[] } }>(
    subject,
    ...['athena', 'get-query-results', '--query-execution-id', id],
  )
  const users = Number(ResultSet.Rows[1]?.Data[0]?.VarCharValue)
  return users > 0 ? `users has ${users} rows` : wrong(`users has ${users} rows`)
}

/** Whether Athena takes every table and view, rows and all, and a statement with a day. */
async function tables(subject: Subject): Promise<string> {
  const { deployment } = subject
  const at = { bucketName: bucketName(deployment), sites: [subject.site], firstDay: FIRST_DAY }
  const catalog = catalogOf(databaseName(deployment.name), at, ENTITIES, VIEWS)
  const relations = [...catalog.tables, ...catalog.views]
  for (const { name } of relations) await ask(subject, `SELECT * FROM "${name}" LIMIT 1`)
  const [statement = wrong('there is no prepared statement')] = catalog.prepared
  await ask(subject, `EXECUTE ${statement.name} USING DATE '${FIRST_DAY}'`)
  return `${relations.length} tables and views answer, and ${statement.name}`
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

interface Subscribed {
  readonly Subscriptions: readonly { readonly Endpoint: string; readonly SubscriptionArn: string }[]
}

/** How many are told of a topic. Throws where nobody is, or an address is not confirmed. */
async function subscribedTo(subject: Subject, topic: string): Promise<number> {
  const asked = ['sns', 'list-subscriptions-by-topic', '--topic-arn', topic]
  const { Subscriptions } = await aws<Subscribed>(subject, ...asked)
  const open = Subscriptions.filter(({ SubscriptionArn }) => !SubscriptionArn.startsWith('arn:'))
  if (open.length > 0) wrong(`not confirmed: ${open.map(({ Endpoint }) => Endpoint).join(', ')}`)
  return Subscriptions.length > 0 ? Subscriptions.length : wrong('nobody is told')
}

async function subscribed(subject: Subject): Promise<string> {
  const topics = await resourcesOf(subject, 'State', 'AWS::SNS::Topic')
  if (topics.length === 0) wrong('there is no topic')
  const told: number[] = []
  for (const { PhysicalResourceId } of topics) told.push(await subscribedTo(subject, PhysicalResourceId))
  return `${told.join(' and ')} confirmed`
}

const CHECKS: readonly Check[] = [
  ['identity', identity],
  ['create-only', createOnly],
  ['mails', subscribed],
  ['schedules', schedules],
  ['night', night],
  ['athena', athena],
  ['tables', tables],
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
    say('fail', saidBy(thrown).trim())
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
