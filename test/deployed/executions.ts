import './with-resolvers.ts'
import { StateMachine, type StateMachineDefinition } from 'aws-local-stepfunctions'
import type { Answered } from './lambda.ts'

type Json = Readonly<Record<string, unknown>>

/** What AWS calls the state of an execution. */
export type Status = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'ABORTED'

/** An execution, running or ended. */
export interface Execution {
  readonly arn: string
  readonly name: string
  /** JSON. */
  readonly input: string
  readonly startDate: number
  status: Status
  error: string | undefined
  cause: string | undefined
  /** The names of the states that were entered, those within maps too. */
  readonly states: string[]
  /** Everything that went from state to state, and to and from functions, as JSON. */
  readonly data: string[]
  /** Resolves when it has ended, however it did. */
  readonly ended: Promise<void>
  /** Ends it as whoever stops it by hand does. */
  stop(): void
}

/** A state machine and its executions. */
export interface Executions {
  readonly machineArn: string
  readonly all: ReadonlyMap<string, Execution>
  /** So much earlier than it did the machine says to a function that its execution began, in milliseconds. */
  earlier: (event: Json) => number
  /** Starts one; undefined where one of that name has ended, or runs with another input. */
  start(name: string, input: string): Execution | undefined
}

/** What the machine runs with. */
export interface ExecutionsOptions {
  readonly machineArn: string
  readonly definition: object
  readonly invoke: (functionArn: string, event: object) => Promise<Answered>
}

/** A step that AWS would wait seconds for is tried again at once, and a busy session is looked at soon. */
const WAIT_MS = 50

/** A function's failure as a machine catches it: named by its error's type, its cause the answer as it is. */
class FunctionFailure extends Error {
  constructor(payload: string) {
    super(payload)
    this.name = JSON.parse(payload).errorType
  }
}

type Task = (input: unknown) => Promise<unknown>

/** Every state of a machine, those of its maps too. */
function statesOf(machine: Json): [string, Json][] {
  const own = Object.entries(machine['States'] as Record<string, Json>)
  return own.flatMap(([name, state]) => {
    const inner = state['ItemProcessor'] as Json | undefined
    return [[name, state] as [string, Json], ...(inner === undefined ? [] : statesOf(inner))]
  })
}

const THROUGH = 'arn:aws:states:::lambda:invoke'

function tasksOf(
  definition: object,
  call: (arn: string, event: object) => Promise<unknown>,
): Record<string, Task> {
  const tasks = statesOf(definition as Json).filter(([, { Type }]) => Type === 'Task')
  return Object.fromEntries(
    tasks.map(([name, { Resource }]): [string, Task] => [
      name,
      async (input) => {
        if (Resource !== THROUGH) return call(String(Resource), input as object)
        const { FunctionName, Payload } = input as { FunctionName: string; Payload: object }
        return { StatusCode: 200, Payload: await call(FunctionName, Payload) }
      },
    ]),
  )
}

/** What a machine of this definition does, with its functions for real and its waits cut short. */
export function openExecutions({ machineArn, definition, invoke }: ExecutionsOptions): Executions {
  const machine = new StateMachine(definition as StateMachineDefinition)
  const names = statesOf(definition as Json).map(([name]) => name)
  const waits = Object.fromEntries(names.map((name) => [name, WAIT_MS]))
  const soon = Object.fromEntries(names.map((name) => [name, 0]))
  const all = new Map<string, Execution>()

  const run = (name: string, input: string): Execution => {
    const arn = `${machineArn.replace(':stateMachine:', ':execution:')}:${name}`
    const data: string[] = []
    const call = async (fn: string, event: object): Promise<unknown> => {
      const startedAt = new Date(execution.startDate - executions.earlier(event as Json)).toISOString()
      const told = 'startedAt' in event ? { ...event, startedAt } : event
      const { payload, failed } = await invoke(fn, told)
      data.push(JSON.stringify(told), payload)
      if (failed) throw new FunctionFailure(payload)
      return JSON.parse(payload)
    }
    const { result, eventLogs, abort } = machine.run(JSON.parse(input), {
      context: { Execution: { Id: arn, Name: name } },
      overrides: {
        taskResourceLocalHandlers: tasksOf(definition, call) as never,
        waitTimeOverrides: waits,
        retryIntervalOverrides: soon,
      },
    })
    const states: string[] = []
    const watching = (async () => {
      for await (const event of eventLogs) {
        data.push(JSON.stringify(event))
        if (event.type === 'StateEntered') states.push(event.state.name)
      }
    })()
    const ended = result.then(
      () => {
        execution.status = 'SUCCEEDED'
      },
      ({ cause }: Error) => {
        if (execution.status !== 'RUNNING') return
        const failure = cause as Error | undefined
        Object.assign(execution, { status: 'FAILED', error: failure?.name, cause: failure?.message })
      },
    )
    const execution: Execution = {
      arn,
      name,
      input,
      startDate: Date.now(),
      status: 'RUNNING',
      error: undefined,
      cause: undefined,
      states,
      data,
      ended: Promise.all([ended, watching]).then(() => undefined),
      stop: () => {
        execution.status = 'ABORTED'
        abort()
      },
    }
    return execution
  }

  const executions: Executions = {
    machineArn,
    all,
    earlier: () => 0,
    start: (name, input) => {
      const found = all.get(name)
      if (found !== undefined) return found.status === 'RUNNING' && found.input === input ? found : undefined
      const execution = run(name, input)
      all.set(name, execution)
      return execution
    },
  }
  return executions
}
