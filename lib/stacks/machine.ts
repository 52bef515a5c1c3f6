import type { ErrorCode } from '../core/errors.ts'
import { RUN_TIMEOUT_MS } from '../steps/limits.ts'

/** A state of the Amazon States Language, in JSONPath. */
type State = Readonly<Record<string, unknown>>

/** What the machine calls, by ARN, and how much at once. */
export interface MachineParts {
  readonly session: string
  readonly load: string
  readonly report: string
  /** Each entity and its extractor. */
  readonly extractors: readonly { readonly entity: string; readonly function: string }[]
  readonly extractorsAtOnce: number
}

/** So many loads run at once: most of their time is waiting for the bucket (docs/benchmarks.md). */
const LOADS_AT_ONCE = 8
/** In seconds, as the machine takes it. */
export const RUN_TIMEOUT_S = RUN_TIMEOUT_MS / 1000
/** Between two looks at a session that another run holds. In seconds. */
const WAIT_S = 60

/** What AWS does now and then (AWS Step Functions Developer Guide, "Handle Lambda service exceptions"). */
const HICCUPS = [
  'Lambda.ServiceException',
  'Lambda.AWSLambdaException',
  'Lambda.SdkClientException',
  'Lambda.ClientExecutionTimeoutException',
  'Lambda.TooManyRequestsException',
  'Lambda.Unknown',
]

/** Errors of ours that another try may cure: each names itself by its code. */
const PASSING = [
  'store-failed',
  'store-conflict',
  'unreachable',
  'rate-limited',
  'server-error',
] satisfies ErrorCode[]

/** The end of an invocation that answered nothing, as Lambda names it. Every function may be called again after that. */
const KILLED = ['Sandbox.Timedout', 'Runtime.ExitError', 'Runtime.OutOfMemory', 'States.Timeout']

const RETRY: readonly State[] = [
  {
    ErrorEquals: [...HICCUPS, ...PASSING, ...KILLED],
    IntervalSeconds: 5,
    BackoffRate: 2,
    MaxAttempts: 4,
    MaxDelaySeconds: 120,
    JitterStrategy: 'FULL',
  },
]

const caught = (ResultPath: string | null, next: string): readonly State[] => [
  { ErrorEquals: ['States.ALL'], ResultPath, Next: next },
]

/** Calls a function with these parameters; what it answers stands at `resultPath`. */
const task = (
  fn: string,
  Parameters: State,
  { resultPath, next }: { resultPath: string | null; next: string },
): Record<string, unknown> => ({
  Type: 'Task',
  Resource: fn,
  Parameters,
  Retry: RETRY,
  ResultPath: resultPath,
  Next: next,
})

const RUN = { 'run.$': '$.run', 'dt.$': '$.dt', 'startedAt.$': '$.startedAt' } as const

/**
 * One entity's step, in a map: an entity whose step fails says so in its own result, and leaves the others whole. Names of
 * states begin with the step's, since a machine has each name once.
 */
function entityStep(
  step: string,
  fn: State,
  { atOnce, next, resultPath }: { atOnce: number; next: string; resultPath: string },
): State {
  return {
    Type: 'Map',
    ItemsPath: '$.entities',
    MaxConcurrency: atOnce,
    ItemSelector: {
      'entity.$': '$$.Map.Item.Value.entity',
      'function.$': '$$.Map.Item.Value.function',
      ...RUN,
    },
    ItemProcessor: {
      ProcessorConfig: { Mode: 'INLINE' },
      StartAt: `${step}Entity`,
      States: {
        [`${step}Entity`]: {
          Type: 'Task',
          Resource: 'arn:aws:states:::lambda:invoke',
          Parameters: { ...fn, Payload: { 'entity.$': '$.entity', ...RUN } },
          ResultSelector: { 'done.$': '$.Payload.done', 'verdict.$': '$.Payload.verdict' },
          ResultPath: '$.step',
          Retry: RETRY,
          Catch: caught('$.trouble', `${step}Failed`),
          Next: `Is${step}Done`,
        },
        // A step that its time ran out for stopped cleanly, and goes on where it was.
        [`Is${step}Done`]: {
          Type: 'Choice',
          Choices: [{ Variable: '$.step.done', BooleanEquals: false, Next: `${step}Entity` }],
          Default: `${step}Done`,
        },
        [`${step}Done`]: {
          Type: 'Pass',
          Parameters: { 'entity.$': '$.entity', 'verdict.$': '$.step.verdict', error: null },
          End: true,
        },
        // Of a failure its name alone: what it says stands in the logs, and 50 of them would not fit into a state.
        [`${step}Failed`]: {
          Type: 'Pass',
          Parameters: { 'entity.$': '$.entity', verdict: null, 'error.$': '$.trouble.Error' },
          End: true,
        },
      },
    },
    ResultPath: resultPath,
    Next: next,
  }
}

/**
 * The order of a run on AWS. Whatever fails, the session is closed, what landed is loaded, and the run is reported; then the
 * execution ends as the run did. Its input is `{dt}`, and the run has the execution's name, by which the runs after it ask
 * whether it still goes on. Between states go references and verdicts, no rows and no token.
 */
export function machineOf({ session, load, report, extractors, extractorsAtOnce }: MachineParts): State {
  return {
    Comment: 'One night of one site',
    StartAt: 'Begin',
    TimeoutSeconds: RUN_TIMEOUT_S,
    States: {
      Begin: {
        Type: 'Pass',
        Parameters: {
          'run.$': '$$.Execution.Name',
          'dt.$': '$.dt',
          'startedAt.$': '$$.Execution.StartTime',
          entities: extractors,
          opening: { verdict: 'none', tokenExpiresAt: null },
          failure: null,
          extracted: [],
          loaded: [],
        },
        Next: 'OpenSession',
      },
      OpenSession: {
        ...task(
          session,
          { action: 'open', ...RUN, 'opening.$': '$.opening' },
          { resultPath: '$.opening', next: 'IsOpen' },
        ),
        Catch: caught('$.failure', 'CloseSession'),
      },
      IsOpen: {
        Type: 'Choice',
        Choices: [
          { Variable: '$.opening.verdict', StringEquals: 'opened', Next: 'Extract' },
          { Variable: '$.opening.verdict', StringEquals: 'busy', Next: 'WaitForSession' },
        ],
        Default: 'CloseSession',
      },
      WaitForSession: { Type: 'Wait', Seconds: WAIT_S, Next: 'OpenSession' },
      Extract: entityStep(
        'Extract',
        { 'FunctionName.$': '$.function' },
        { atOnce: extractorsAtOnce, next: 'CloseSession', resultPath: '$.extracted' },
      ),
      CloseSession: {
        ...task(session, { action: 'close', ...RUN }, { resultPath: null, next: 'Load' }),
        // The session ends by itself, and the next run's waiter sees that this execution has ended.
        Catch: caught(null, 'Load'),
      },
      Load: entityStep(
        'Load',
        { FunctionName: load },
        { atOnce: LOADS_AT_ONCE, next: 'Report', resultPath: '$.loaded' },
      ),
      Report: task(
        report,
        {
          ...RUN,
          'opening.$': '$.opening',
          'failure.$': '$.failure',
          'extracted.$': '$.extracted',
          'loaded.$': '$.loaded',
        },
        { resultPath: '$.report', next: 'Verdict' },
      ),
      Verdict: {
        Type: 'Choice',
        Choices: [{ Variable: '$.report.exit', NumericEquals: 0, Next: 'Whole' }],
        Default: 'NotWhole',
      },
      Whole: { Type: 'Succeed' },
      NotWhole: {
        Type: 'Fail',
        ErrorPath: '$.report.error',
        CausePath: '$.report.cause',
      },
    },
  }
}
