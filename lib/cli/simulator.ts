import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { dayIn } from '../core/day.ts'
import { AlmanacError } from '../core/errors.ts'
import type { Counts, Size } from '../simulator/counts.ts'
import type { Simulator, SimulatorOptions } from '../simulator/server.ts'
import { type Command, DEBUG, hasFlag, type OptionSpec, type Options, textOption } from './command.ts'
import { type Io, write } from './io.ts'
import { wholeNumber } from './whole-number.ts'

const SIZES = ['small', 'model', 'huge'] as const satisfies readonly Size[]

/** Every count of a simulated site, by its option. */
const COUNTS = {
  users: ['--users <n>', 'users on the first day'],
  groups: ['--groups <n>', 'groups on the first day'],
  projects: ['--projects <n>', 'projects on the first day'],
  workbooks: ['--workbooks <n>', 'workbooks on the first day'],
  views: ['--views <n>', 'views on the first day'],
  datasources: ['--datasources <n>', 'data sources on the first day'],
  jobsPerDay: ['--jobs-per-day <n>', 'background jobs on each day'],
  jobDays: ['--job-days <n>', 'days for which jobs are remembered'],
} as const satisfies Record<keyof Counts, readonly [string, string]>

const COUNT_NAMES = Object.keys(COUNTS) as (keyof Counts)[]
const HIGHEST_PORT = 65_535
const LONGEST_LATENCY_MS = 60_000
const MOST = 10_000_000

const OPTIONS: readonly OptionSpec[] = [
  { flags: '--port <port>', doc: 'port on loopback; 0 takes a free one', byDefault: '0' },
  { flags: '--seed <seed>', doc: 'decides everything about the site', byDefault: '7' },
  { flags: '--size <size>', doc: 'how much the site holds', byDefault: 'small', choices: SIZES },
  {
    flags: '--day <day>',
    doc: 'the site’s first day, YYYY-MM-DD; "today" with the time of this machine',
    byDefault: '2026-11-01',
  },
  { flags: '--latency-ms <ms>', doc: 'wait before every answer', byDefault: '0' },
  ...COUNT_NAMES.map((name) => ({ flags: COUNTS[name][0], doc: `${COUNTS[name][1]} (default: the size’s)` })),
  { flags: '--control', doc: 'answer POST /control/day, POST /control/faults and GET /control/counters' },
  DEBUG,
]

function countsFrom(options: Options): Partial<Counts> {
  const given = COUNT_NAMES.flatMap((name) => {
    const count = wholeNumber(options, name, COUNTS[name][0].replace(' <n>', ''), MOST)
    return count === undefined ? [] : [[name, count] as const]
  })
  return Object.fromEntries(given)
}

/** The first day; for `today` the clock is this machine's, however long the site is up before anybody asks it. */
function dayFrom(options: Options): { day: string; realTime?: boolean } {
  const day = textOption(options, 'day') ?? '2026-11-01'
  if (day !== 'today') return { day }
  return { day: dayIn('UTC', Date.now()), realTime: true }
}

function settingsFrom(options: Options): SimulatorOptions {
  const seed = textOption(options, 'seed') ?? '7'
  const size = SIZES.find((each) => each === options['size']) ?? 'small'
  return {
    port: wholeNumber(options, 'port', '--port', HIGHEST_PORT) ?? 0,
    // A seed of digits is the number that the program interface takes.
    seed: /^\d{1,9}$/.test(seed) ? Number(seed) : seed,
    size,
    ...dayFrom(options),
    latencyMs: wholeNumber(options, 'latencyMs', '--latency-ms', LONGEST_LATENCY_MS) ?? 0,
    counts: countsFrom(options),
    control: hasFlag(options, 'control'),
  }
}

const withoutRoom = (text: string): string => text.replace(/^simulator: /, '')

async function start(settings: SimulatorOptions): Promise<Simulator> {
  const { startSimulator } = await import('../simulator/server.ts')
  try {
    return await startSimulator(settings)
  } catch (cause) {
    if (cause instanceof RangeError) throw new AlmanacError('usage', withoutRoom(cause.message), { cause })
    if (!(cause instanceof Error && 'code' in cause)) throw cause
    const next = 'Leave --port out, or name one that is free.'
    throw new AlmanacError('usage', `port ${settings.port} cannot be listened on: ${cause.message}`, {
      cause,
      next,
    })
  }
}

/** Obeys one line of the input: `day YYYY-MM-DD`. Answers it with a line of JSON, or says what is wrong with it. */
async function obey(line: string, simulator: Simulator, io: Io): Promise<void> {
  const day = /^\s*day\s+(\S+)\s*$/.exec(line)?.[1]
  if (day === undefined) {
    if (line.trim() !== '')
      await write(io.err, `"${line.trim()}" is no command here; write: day YYYY-MM-DD\n`)
    return
  }
  try {
    simulator.setDay(day)
    await write(io.out, `${JSON.stringify({ day: simulator.day() })}\n`)
  } catch (thrown) {
    if (!(thrown instanceof RangeError)) throw thrown
    await write(io.err, `${withoutRoom(thrown.message)}; the day is still ${simulator.day()}\n`)
  }
}

/** Obeys the lines of the input, one after the other, until an interrupt. Rejects when the output is closed. */
function untilInterrupted(simulator: Simulator, input: Readable, io: Io): Promise<void> {
  const lines = createInterface({ input })
  return new Promise<void>((resolve, reject) => {
    let queue = Promise.resolve()
    lines.on('line', (line) => {
      queue = queue.then(() => obey(line, simulator, io))
      queue.catch(reject)
    })
    const forget = io.onInterrupt(() => {
      forget()
      resolve()
    })
  }).finally(() => lines.close())
}

/**
 * The command over this input. Prints `{"url","site","patName","patSecret"}`, listens on loopback and advances the day
 * on a line `day YYYY-MM-DD`. Throws `usage` for options that cannot be, and for a port that is taken.
 */
export const simulatorCommand = (input: () => Readable): Command => ({
  name: 'simulator',
  args: [],
  doc: 'serve a simulated Tableau site on loopback until interrupted; a line "day YYYY-MM-DD" on the input advances its day',
  options: OPTIONS,
  examples: ['almanac simulator --port 8000 --size small --day 2026-11-01'],
  run: async ({ options, io }) => {
    const simulator = await start(settingsFrom(options))
    try {
      const { url, site, patName, patSecret } = simulator
      await write(io.out, `${JSON.stringify({ url, site, patName, patSecret })}\n`)
      await untilInterrupted(simulator, input(), io)
      return 0
    } finally {
      await simulator.close()
    }
  },
})

/** `almanac simulator`. */
export const SIMULATOR: Command = simulatorCommand(() => process.stdin)
