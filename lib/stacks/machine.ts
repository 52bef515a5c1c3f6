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

/** What AWS does now and then, and what is tried again for. */
const HICCUPS = [
  'Lambda.ServiceException',
  'Lambda.AWSLambdaException',
  'Lambda.SdkClientException',
  'Lambda.TooManyRequestsException',
  'Lambda.Unknown',
]

const retry = (errors: readonly string[]): State => ({
  ErrorEquals: errors,
  IntervalSeconds: 5,
  BackoffRate: 2,
  MaxAttempts: 4,
  MaxDelaySeconds: 120,
  JitterStrategy: 'FULL',
})

/** Errors of ours that another try may cure: each names itself by its code. */
const PASSING = ['store-failed', 'unreachable']

const RETRY = [retry([...HICCUPS, ...PASSING])]
/** A killed or silent invocation of a step that goes on where it stopped is worth another. */
const RETRY_STEP = [
  retry([...HICCUPS, ...PASSING, 'States.Timeout', 'Sandbox.Timedout', 'Runtime.ExitError']),
]

const caught = (next: string): readonly State[] => [
  { ErrorEquals: ['States.ALL'], ResultPath: '$.failure', Next: next },
]

/** Calls a function with these parameters; what it answers stands at `resultPath`. */
const task = (
  fn: string,
  Parameters: State,
  {
    resultPath,
    next,
    retries = RETRY,
  }: { resultPath: string | null; next: string; retries?: readonly State[] },
): Record<string, unknown> => ({
  Type: 'Task',
  Resource: fn,
  Parameters,
  Retry: retries,
  ResultPath: resultPath,
  Next: next,
})

const RUN = { 'run.$': '$.run', 'dt.$': '$.dt' } as const

/** One entity's step, in a map: an entity whose step fails says so in its own result, and leaves the others whole. */
function entityStep(fn: State, atOnce: number, next: string, resultPath: string): State {
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
      StartAt: 'Step',
      States: {
        Step: {
          Type: 'Task',
          Resource: 'arn:aws:states:::lambda:invoke',
          Parameters: { ...fn, Payload: { 'entity.$': '$.entity', ...RUN } },
          ResultSelector: { 'done.$': '$.Payload.done', 'verdict.$': '$.Payload.verdict' },
          ResultPath: '$.step',
          Retry: RETRY_STEP,
          Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.trouble', Next: 'Failed' }],
          Next: 'IsDone',
        },
        // A step that its time ran out for stopped cleanly, and goes on where it was.
        IsDone: {
          Type: 'Choice',
          Choices: [{ Variable: '$.step.done', BooleanEquals: false, Next: 'Step' }],
          Default: 'Done',
        },
        Done: {
          Type: 'Pass',
          Parameters: { 'entity.$': '$.entity', 'verdict.$': '$.step.verdict', error: null },
          End: true,
        },
        // Of a failure its name alone: what it says stands in the logs, and 50 of them would not fit into a state.
        Failed: {
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
 * execution ends as the run did. Its input is `{dt, run}`; between states go references and verdicts, no rows and no token.
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
          ...RUN,
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
          { action: 'open', ...RUN, 'execution.$': '$$.Execution.Id', 'opening.$': '$.opening' },
          { resultPath: '$.opening', next: 'IsOpen' },
        ),
        Catch: caught('CloseSession'),
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
        { 'FunctionName.$': '$.function' },
        extractorsAtOnce,
        'CloseSession',
        '$.extracted',
      ),
      CloseSession: {
        ...task(
          session,
          { action: 'close', ...RUN, 'execution.$': '$$.Execution.Id' },
          { resultPath: null, next: 'Load' },
        ),
        // The session ends by itself, and the next run's waiter sees that this execution has ended.
        Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: null, Next: 'Load' }],
      },
      Load: entityStep({ FunctionName: load }, LOADS_AT_ONCE, 'Report', '$.loaded'),
      Report: task(
        report,
        {
          ...RUN,
          'startedAt.$': '$$.Execution.StartTime',
          'opening.$': '$.opening',
          'failure.$': '$.failure',
          'extracted.$': '$.extracted',
          'loaded.$': '$.loaded',
        },
        { resultPath: '$.report', next: 'Verdict', retries: RETRY_STEP },
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
