import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ENTITIES, VIEWS } from '../../lib/entities/index.ts'
import { alarmName, alarmsOf, PAGE } from '../../lib/stacks/alarms.ts'
import { relationsOf } from '../../lib/tables/relation.ts'
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
        ...['Nightly', 'Hourly'].map((LogicalResourceId) => ({
          LogicalResourceId,
          PhysicalResourceId: `the-${LogicalResourceId}`,
          ResourceType: 'AWS::Scheduler::Schedule',
        })),
      ],
    },
  ],
  'sns list-subscriptions-by-topic': [
    { Subscriptions: [{ Endpoint: 'a@example.com', SubscriptionArn: 'arn:aws:sns:x' }] },
  ],
  'scheduler get-schedule': [{ State: 'ENABLED' }],
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

/** Answers what the files say, one after the other and the last again, and writes down what it was called with. */
const PROGRAM = `#!/bin/sh
printf '%s\\n' "$*" >> "$FAKE_AWS/calls"
answer="$FAKE_AWS/$1 $2"
n=0
if [ -e "$answer" ]; then read -r n < "$answer"; fi
if [ -e "$answer.$((n + 1))" ]; then echo $((n + 1)) > "$answer"; fi
if [ -e "$answer.$n.err" ]; then cat "$answer.$n.err" >&2; exit 254; fi
if [ ! -e "$answer.$n" ]; then exit 252; fi
cat "$answer.$n"
if [ "$1" = lambda ]; then printf '{ "StatusCode": 200 }'; fi
`

/** Writes the answers of each command, in their order, into a new folder. */
async function written(answers: Answers): Promise<string> {
  const place = await mkdtemp(join(folder, 'answers-'))
  const files = Object.entries(answers).flatMap(([command, all]) =>
    all.map((answer, i): [string, string] => {
      const { stderr } = Object(answer)
      const name = join(place, `${command}.${i}`)
      return stderr === undefined ? [name, JSON.stringify(answer)] : [`${name}.err`, stderr]
    }),
  )
  for (const [name, text] of files) await writeFile(name, text)
  return place
}

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'almanac-integ-'))
  await writeFile(join(folder, 'aws'), PROGRAM)
  await chmod(join(folder, 'aws'), 0o755)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function integ(answers: Answers, ...more: readonly string[]) {
  const place = await written(answers)
  const options = ['--config', 'test/fixtures/aws/almanac.config.json', '--pause', '0', ...more]
  const env = { PATH: `${folder}${delimiter}${process.env['PATH']}`, FAKE_AWS: place }
  const ended = await run(process.execPath, ['--import', 'tsx', 'bin/integ.ts', ...options], {
    cwd: '.',
    env,
  })
  const calls = await readFile(join(place, 'calls'), 'utf8').catch(() => '')
  return { ...ended, calls: calls.split('\n').filter((line) => line !== '') }
}
const OURS = ['--environment', 'prod', '--site', 'marketing']

describe('npm run integ', () => {
  test('says of each check that it is well, having read a night and asked for its rows', async () => {
    const { exit, out, calls } = await integ(WELL, ...OURS)
    expect(out.split('\n').map((line) => line.slice(0, 16).trim())).toEqual([
      'ok   identity',
      'ok   create-only',
      'ok   mails',
      'ok   schedules',
      'ok   night',
      'ok   athena',
      'ok   tables',
      'ok   alarms',
      '',
    ])
    expect(exit).toBe(0)
    expect(calls.filter((call) => call.includes(EXECUTION))).toHaveLength(2)
    expect(calls.find((call) => call.startsWith('s3api'))).not.toContain('if-none-match')
    expect(calls.every((call) => call.includes('--region eu-central-1'))).toBe(true)
    const questions = calls.flatMap((call) => /--query-string (.*?) --region/.exec(call)?.[1] ?? [])
    expect(questions.slice(0, 2)).toEqual(['SELECT count(*) FROM users', 'SELECT * FROM "site" LIMIT 1'])
    // Two tables are there as they are stored, beside what is asked (docs/athena.md).
    const views = relationsOf(ENTITIES, VIEWS).flatMap(({ kind, name }) => (kind === 'view' ? [name] : []))
    expect(questions.slice(1, -1).sort()).toEqual(
      [...views, 'jobs_months', 'run_reports'].map((name) => `SELECT * FROM "${name}" LIMIT 1`).sort(),
    )
    expect(questions.at(-1)).toMatch(/^EXECUTE \w+_at USING DATE '\d{4}-\d\d-\d\d'$/)
    // Nothing is made, changed or deleted but a night’s execution.
    const verbs = new Set(calls.map((call) => call.split(' ')[1]?.split('-')[0]))
    expect(verbs).toEqual(new Set(['get', 'put', 'list', 'invoke', 'describe', 'start']))
  })

  test.each([
    [
      'all that can be wrong',
      {
        'sts get-caller-identity': [{ Account: '1', Arn: 'x' }],
        's3api put-object': [{ ETag: '"x"' }],
        'sns list-subscriptions-by-topic': [{ Subscriptions: [] }],
        'scheduler get-schedule': [{ State: 'ENABLED' }, { State: 'DISABLED' }],
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
        /^fail schedules .*Hourly is DISABLED/,
        /^fail night .*FAILED: sign-in-refused/,
        /^fail athena .*FAILED: why/,
        /^fail tables .*SELECT \* FROM "site" LIMIT 1 is FAILED: why/,
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
        'athena get-query-execution': ['SUCCEEDED', 'SUCCEEDED', 'CANCELLED'].map((State) => ({
          QueryExecution: { Status: { State } },
        })),
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
        /^fail tables .*SELECT \* FROM "site_history" LIMIT 1 is CANCELLED/,
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
