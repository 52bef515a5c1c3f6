import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import type { Io } from '../../lib/cli/io.ts'
import { main } from '../../lib/cli/main.ts'
import { type Simulator, startSimulator } from '../../lib/simulator/server.ts'

/** What a call came to. */
export interface Outcome {
  readonly exit: number
  readonly out: string
  readonly err: string
}

/** Everything that any call of this process wrote, for the canary. */
export const everything: string[] = []

function captured(): { stream: Writable; text: () => string } {
  const pieces: string[] = []
  const stream = new Writable({
    write: (chunk, _encoding, done) => {
      pieces.push(String(chunk))
      everything.push(String(chunk))
      done()
    },
  })
  return { stream, text: () => pieces.join('') }
}

/** Runs a command in this process. `columns` makes both streams terminals of that width. */
export async function almanac(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  columns?: number,
): Promise<Outcome> {
  const [out, err] = [captured(), captured()]
  const io: Io = {
    out: out.stream,
    err: err.stream,
    env,
    outColumns: columns,
    errColumns: columns,
    onInterrupt: () => () => undefined,
    exit: () => undefined,
  }
  const exit = await main(args, io)
  return { exit, out: out.text(), err: err.text() }
}

/** The program that is shipped, as a child process. */
export function almanacProcess(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { PATH = '', HOME = '' } = process.env
  const child = spawn(process.execPath, ['dist/almanac.js', ...args], {
    env: { PATH, HOME, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const pieces = { out: '', err: '' }
  child.stdout.on('data', (chunk) => {
    pieces.out += String(chunk)
    everything.push(String(chunk))
  })
  child.stderr.on('data', (chunk) => {
    pieces.err += String(chunk)
    everything.push(String(chunk))
  })
  const ended = new Promise<Outcome>((resolve) =>
    child.on('close', (code) => resolve({ exit: code ?? -1, out: pieces.out, err: pieces.err })),
  )
  return { child, pieces, ended }
}

/** A folder for one test file, and how to take it away. */
export async function temporaryFolder(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'almanac-cli-'))
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 5 }) }
}

/** A simulated site small enough that a night takes a second. */
export const smallSite = (day: string, options: { site?: string; seed?: number } = {}): Promise<Simulator> =>
  startSimulator({
    seed: 7,
    day,
    counts: {
      users: 40,
      groups: 4,
      projects: 8,
      workbooks: 60,
      views: 90,
      datasources: 12,
      jobsPerDay: 5,
      jobDays: 3,
    },
    ...options,
  })

/** The environment that configures a simulated site. */
export const environmentOf = (sim: Simulator): Record<string, string> => ({
  TABLEAU_SERVER_URL: sim.url,
  TABLEAU_SITE_ID: sim.site,
  TABLEAU_PAT_NAME: sim.patName,
  TABLEAU_PAT_SECRET: sim.patSecret,
})

/** For `status` of nights that are as old as their test: how old they are is not what it is about. */
export const AT_ANY_AGE = ['--max-age', '100000'] as const

/** The lines of a text, without the last line's end. */
export const linesOf = (text: string): string[] => text.replace(/\n$/, '').split('\n')

/** Every error is two lines: what (with the value that was given), and what to do. No stack. */
export const twoLines = (message: RegExp): RegExp => new RegExp(`^error ${message.source}.*\nnext: .+\n$`)
