import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** A function as it is deployed. */
export interface DeployedFunction {
  readonly name: string
  /** Its code. */
  readonly folder: string
  readonly environment: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly memoryMb: number
}

/** What an invocation came to: an answer, or the error that a function failed with. */
export interface Answered {
  /** JSON. */
  readonly payload: string
  readonly failed: boolean
  /** Of an invocation that went well. */
  readonly spent?: Spent
}

/** What an invocation took, in milliseconds, the start of its process apart, and the most memory that this ever held. */
export interface Spent {
  readonly initMs: number
  readonly ms: number
  readonly peakMb: number
}

/** An invocation as a test sees it. */
export interface Invocation {
  readonly name: string
  readonly event: Readonly<Record<string, unknown>>
}

/** What is to be unusual with an invocation. */
export interface Unusual {
  /** It begins when this is over. */
  readonly after?: Promise<unknown>
  /** The time that it is given, in milliseconds, and how much of it is over with each look at what is left. */
  readonly time?: { readonly milliseconds: number; readonly perLook: number }
  /** It happens twice at once, and the first answer counts. */
  readonly isTwice?: boolean
}

/** The functions of a deployment, each in processes of its own. */
export interface Lambda {
  /** Calls a function by its name or ARN. Throws for one that is not there. */
  invoke(nameOrArn: string, event: object): Promise<Answered>
  /** Lets a test say what is to be unusual; undefined: nothing. */
  unusual: (invocation: Invocation) => Unusual | undefined
  /** Kills the processes that work on such invocations, as when they run out of memory. */
  kill(isMeant: (invocation: Invocation) => boolean): void
  /** What was invoked, in order. */
  readonly invocations: Invocation[]
  /** What the functions wrote. */
  readonly logs: Buffer[]
  /** What the invocations took that went well, in the order in which they ended. */
  readonly spent: (Spent & { readonly name: string; readonly isCold: boolean })[]
  /** How many processes were ever started. */
  processes(): number
  close(): void
}

interface Instance {
  readonly child: ChildProcess
  working: Invocation | undefined
}

const RUNTIME = fileURLToPath(new URL('./runtime.mjs', import.meta.url))
/** What AWS answers at most, in bytes. */
const LARGEST_ANSWER = 6 * 1024 * 1024
/** Of each function at most so many processes work at once; an invocation more waits. */
const AT_ONCE = 2

const failure = (errorType: string, errorMessage: string): Answered => ({
  payload: JSON.stringify({ errorType, errorMessage }),
  failed: true,
})

function started({ name, folder, environment, memoryMb }: DeployedFunction, logs: Buffer[]): Instance {
  const child = fork(RUNTIME, {
    cwd: folder,
    execArgv: [`--max-old-space-size=${memoryMb}`],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: {
      ...environment,
      LAMBDA_TASK_ROOT: folder,
      AWS_LAMBDA_FUNCTION_NAME: name,
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
      // Functions run on a newer Node than tests may.
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    },
  })
  child.stdout?.on('data', (chunk: Buffer) => logs.push(chunk))
  child.stderr?.on('data', (chunk: Buffer) => logs.push(chunk))
  return { child, working: undefined }
}

async function answerOf(
  { child }: Instance,
  event: object,
  { timeoutMs, memoryMb }: DeployedFunction,
  time = { milliseconds: timeoutMs, perLook: 0 },
): Promise<Answered> {
  const over = new AbortController()
  const { signal } = over
  const answered = once(child, 'message', { signal }).then(([answer]) => answer as Answered)
  const ended = once(child, 'exit', { signal }).then(() =>
    failure('Runtime.ExitError', 'Error: Runtime exited with error: signal: killed'),
  )
  const late = new Promise<Answered>((resolve) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      resolve(failure('Sandbox.Timedout', `Error: Task timed out after ${time.milliseconds / 1000} seconds`))
    }, time.milliseconds)
    signal.addEventListener('abort', () => clearTimeout(timer))
  })
  child.send({ event, time, memoryMb })
  try {
    return await Promise.race([answered, ended, late])
  } finally {
    over.abort()
    await Promise.allSettled([answered, ended])
  }
}

/** A place where invocations wait for their turn. */
function turns(most: number) {
  let taken = 0
  const waiting: (() => void)[] = []
  return async <T>(work: () => Promise<T>): Promise<T> => {
    while (taken >= most) await new Promise<void>((resolve) => waiting.push(resolve))
    taken += 1
    try {
      return await work()
    } finally {
      taken -= 1
      waiting.shift()?.()
    }
  }
}

/** Starts no process yet: functions start when they are called, and stay warm. */
export function openLambda(functions: readonly DeployedFunction[]): Lambda {
  const logs: Buffer[] = []
  const invocations: Invocation[] = []
  const spent: Lambda['spent'] = []
  const deployed = new Map(
    functions.map((fn) => [fn.name, { fn, inTurn: turns(AT_ONCE), idle: [] as Instance[] }]),
  )
  const instances = new Set<Instance>()

  const once = (name: string, event: Invocation['event'], time: Unusual['time']): Promise<Answered> => {
    const found = deployed.get(name)
    if (found === undefined) throw new Error(`no function ${name} is deployed`)
    const { fn, inTurn, idle } = found
    return inTurn(async () => {
      const warm = idle.pop()
      const instance = warm ?? started(fn, logs)
      instances.add(instance)
      instance.working = { name, event }
      const answer = await answerOf(instance, event, fn, time)
      instance.working = undefined
      if (answer.spent !== undefined) spent.push({ ...answer.spent, name, isCold: warm === undefined })
      const { exitCode, signalCode, killed } = instance.child
      if (exitCode === null && signalCode === null && !killed) idle.push(instance)
      if (answer.payload.length <= LARGEST_ANSWER) return answer
      return failure('Function.ResponseSizeTooLarge', 'Response payload size exceeded the maximum')
    })
  }

  const lambda: Lambda = {
    logs,
    invocations,
    spent,
    processes: () => instances.size,
    unusual: () => undefined,
    invoke: async (nameOrArn, given) => {
      const name = nameOrArn.split(':').at(-1) ?? ''
      const event: Invocation['event'] = JSON.parse(JSON.stringify(given))
      const { after, time, isTwice = false } = lambda.unusual({ name, event }) ?? {}
      invocations.push({ name, event })
      await after
      const both = [once(name, event, time), ...(isTwice ? [once(name, event, time)] : [])]
      const [answer = failure('none', 'none')] = await Promise.all(both)
      return answer
    },
    kill: (isMeant) => {
      for (const { child, working } of instances)
        if (working !== undefined && isMeant(working)) child.kill('SIGKILL')
    },
    close: () => {
      for (const { child } of instances) child.kill('SIGKILL')
    },
  }
  return lambda
}
