import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { alarmName, alarmsOf, PAGE } from '../../lib/stacks/alarms.ts'
import { run } from './run.ts'

/** What the AWS command line answers, one after the other, by the service and the command. */
type Answers = Readonly<Record<string, readonly unknown[]>>

/** An answer of a command that fails. */
const failing = (stderr: string) => ({ stderr })

const EXECUTION =
  'arn:aws:states:eu-central-1:123456789012:execution:almanac-prod-marketing:marketing-2026-11-01-r2'
const ALARMS = [...alarmsOf(30).map(({ id }) => id), PAGE].map((id) => ({
  AlarmName: alarmName('prod', 'marketing', id),
  StateValue: 'OK',
}))
const WELL: Answers = {
  'sts get-caller-identity': [
    { Account: '123456789012', Arn: 'arn:aws:sts::123456789012:assumed-role/admin/x' },
  ],
  's3api put-object': [failing('An error occurred (AccessDenied) when calling the PutObject operation')],
  'cloudformation list-stack-resources': [
    {
      StackResourceSummaries: [
        { LogicalResourceId: 'Alarms1', PhysicalResourceId: 'arn:topic', ResourceType: 'AWS::SNS::Topic' },
      ],
    },
    {
      StackResourceSummaries: [
        {
          LogicalResourceId: 'StartFunction1',
          PhysicalResourceId: 'the-start',
          ResourceType: 'AWS::Lambda::Function',
        },
      ],
    },
  ],
  'sns list-subscriptions-by-topic': [
    { Subscriptions: [{ Endpoint: 'a@example.com', SubscriptionArn: 'arn:aws:sns:x' }] },
  ],
  'lambda invoke': [
    { run: 'marketing-2026-11-01', started: false },
    { run: 'marketing-2026-11-01-r2', started: true },
  ],
  'stepfunctions describe-execution': [{ status: 'RUNNING' }, { status: 'SUCCEEDED' }],
  'athena start-query-execution': [{ QueryExecutionId: 'q1' }],
  'athena get-query-execution': [
    { QueryExecution: { Status: { State: 'RUNNING' } } },
    { QueryExecution: { Status: { State: 'SUCCEEDED' } } },
  ],
  'athena get-query-results': [
    { ResultSet: { Rows: [{ Data: [{ VarCharValue: '_col0' }] }, { Data: [{ VarCharValue: '312' }] }] } },
  ],
  'cloudwatch describe-alarms': [{ MetricAlarms: ALARMS.slice(0, -1), CompositeAlarms: ALARMS.slice(-1) }],
}

/** Answers what the file says, and writes down what it was called with. */
const PROGRAM = `#!${process.execPath}
const { readFileSync, writeFileSync, appendFileSync } = require('node:fs')
const args = process.argv.slice(2)
const file = process.env.FAKE_AWS
const answers = JSON.parse(readFileSync(file, 'utf8'))
appendFileSync(file + '.calls', JSON.stringify(args) + '\\n')
const left = answers[args.slice(0, 2).join(' ')] ?? []
const answer = left.length > 1 ? left.shift() : left[0]
writeFileSync(file, JSON.stringify(answers))
if (answer === undefined) process.exit(252)
if (answer.stderr !== undefined) { process.stderr.write(answer.stderr); process.exit(254) }
process.stdout.write(JSON.stringify(answer))
if (args[0] === 'lambda') process.stdout.write('{ "StatusCode": 200 }')
`

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'almanac-integ-'))
  await writeFile(join(folder, 'aws'), PROGRAM)
  await chmod(join(folder, 'aws'), 0o755)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function integ(answers: Answers, ...more: readonly string[]) {
  const file = join(folder, `answers-${Math.random()}.json`)
  await writeFile(file, JSON.stringify(answers))
  const options = ['--config', 'test/fixtures/aws/almanac.config.json', '--pause', '0', ...more]
  const env = { PATH: `${folder}${delimiter}${process.env['PATH']}`, FAKE_AWS: file }
  const ended = await run(process.execPath, ['--import', 'tsx', 'bin/integ.ts', ...options], {
    cwd: '.',
    env,
  })
  const calls = await readFile(`${file}.calls`, 'utf8').catch(() => '')
  return {
    ...ended,
    calls: calls
      .split('\n')
      .filter((line) => line !== '')
      .map((line): string[] => JSON.parse(line)),
  }
}
const OURS = ['--environment', 'prod', '--site', 'marketing']

describe('npm run integ', () => {
  test('says of each check that it is well, having read a night and asked for its rows', async () => {
    const { exit, out, calls } = await integ(WELL, ...OURS)
    expect(out.split('\n').map((line) => line.slice(0, 16).trim())).toEqual([
      'ok   identity',
      'ok   create-only',
      'ok   mails',
      'ok   night',
      'ok   athena',
      'ok   alarms',
      '',
    ])
    expect(exit).toBe(0)
    const asked = calls.map((call) => call.join(' '))
    expect(asked.filter((call) => call.includes(EXECUTION))).toHaveLength(2)
    expect(asked.find((call) => call.startsWith('s3api'))).not.toContain('if-none-match')
    expect(asked.every((call) => call.includes('--region eu-central-1'))).toBe(true)
    // Nothing is made, changed or deleted but a night’s execution.
    const verbs = new Set(calls.map(([, command = '']) => command.split('-')[0]))
    expect(verbs).toEqual(new Set(['get', 'put', 'list', 'invoke', 'describe', 'start']))
  })

  test.each([
    [
      'all that can be wrong',
      {
        'sts get-caller-identity': [{ Account: '1', Arn: 'x' }],
        's3api put-object': [{ ETag: '"x"' }],
        'sns list-subscriptions-by-topic': [{ Subscriptions: [] }],
        'stepfunctions describe-execution': [{ status: 'FAILED', cause: 'sign-in-refused' }],
        'athena get-query-execution': [
          { QueryExecution: { Status: { State: 'FAILED', StateChangeReason: 'why' } } },
        ],
        'cloudwatch describe-alarms': [{ MetricAlarms: ALARMS.slice(1), CompositeAlarms: [] }],
      },
      [
        /^fail identity .*the account is 1/,
        /^fail create-only .*was written without If-None-Match/,
        /^fail mails .*nobody is told/,
        /^fail night .*FAILED: sign-in-refused/,
        /^fail athena .*FAILED: why/,
        /^fail alarms .*are missing/,
      ],
    ],
    [
      'what else can be wrong',
      {
        's3api put-object': [failing('NoSuchBucket')],
        'sns list-subscriptions-by-topic': [
          { Subscriptions: [{ Endpoint: 'a@b.c', SubscriptionArn: 'PendingConfirmation' }] },
        ],
        'lambda invoke': [{ run: 'marketing-2026-11-01', started: false }],
        'athena get-query-results': [{ ResultSet: { Rows: [{}, { Data: [{ VarCharValue: '0' }] }] } }],
        'cloudwatch describe-alarms': [
          { MetricAlarms: ALARMS.map((each) => ({ ...each, StateValue: 'ALARM' })), CompositeAlarms: [] },
        ],
      },
      [
        /^fail create-only .*NoSuchBucket/,
        /^fail mails .*not confirmed: a@b.c/,
        /^fail night .*nine runs/,
        /^fail athena .*0 rows/,
        /^fail alarms .*ring$/,
      ],
    ],
  ])('says of each check what is wrong: %s', async (_, answers, says) => {
    const { exit, out } = await integ({ ...WELL, ...answers }, ...OURS)
    expect(exit).toBe(1)
    const failed = out.split('\n').filter((line) => line.startsWith('fail'))
    expect(failed).toEqual(says.map((each) => expect.stringMatching(each)))
  })

  test('names what can be checked', async () => {
    const { exit, err } = await integ(WELL, '--environment', 'prod')
    expect([exit, err]).toEqual([2, expect.stringContaining('--environment prod --site finance')])
  })
})
