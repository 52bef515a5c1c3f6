import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { cleanEnvironment } from './clean-environment.ts'

/** What a finished command left behind. */
export interface Finished {
  readonly exit: number | null
  readonly out: string
  readonly err: string
}

/** A command to run: where, and with which variables beside the usual. */
export interface Place {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
}

/** Runs a command to its end. */
export const run = (command: string, args: readonly string[], { cwd, env }: Place): Promise<Finished> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: cleanEnvironment(env), stdio: ['ignore', 'pipe', 'pipe'] })
    let [out, err] = ['', '']
    child.stdout.on('data', (chunk) => {
      out += chunk
    })
    child.stderr.on('data', (chunk) => {
      err += chunk
    })
    child.on('error', reject)
    child.on('close', (exit) => resolve({ exit, out, err }))
  })

/** A command that goes on running: its answers line by line, until it is told to end. */
export interface Running {
  /** The next line of stdout. Throws when it ended without one. */
  line(): Promise<string>
  say(text: string): void
  /** Sends SIGTERM and answers the exit code. */
  end(): Promise<number | null>
}

/** Starts a command that serves until it is ended. */
export function serve(command: string, args: readonly string[], { cwd, env }: Place): Running {
  const child = spawn(command, args, { cwd, env: cleanEnvironment(env), stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  return {
    line: async () => {
      const { done, value } = await lines.next()
      if (done === true) throw new Error(`${command} ended with ${await ended} before it said anything more`)
      return value
    },
    say: (text) => void child.stdin.write(text),
    end: () => {
      child.kill('SIGTERM')
      return ended
    },
  }
}
