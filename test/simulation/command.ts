import { fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { figure } from '../guarantees/proof.ts'
import { openSimulated } from './engines.ts'
import { type Simulated, simulate } from './simulate.ts'

const USAGE = `npm run simulate -- [--seeds N] [--start K] [--duckdb]

Plays seeds K, K+1, … of the simulation: the real extract, load, corrections, rebuild and verify over a store that fails,
with processes that die and come between one another. Each seed is the same every time. --duckdb computes rows by DuckDB
itself instead of the plain engine, most in small worlds: it is twenty times slower. A seed that is wrong is printed; repeat it with --start.`

interface Share {
  readonly start: number
  readonly seeds: number
  readonly duckdb: boolean
}

async function playShare({ start, seeds, duckdb }: Share): Promise<Simulated> {
  const name = duckdb ? 'duckdb' : 'plain'
  const { engine, close } = await openSimulated(name)
  try {
    return await simulate(start, seeds, engine, name)
  } finally {
    await close()
  }
}

/** Plays a share of the seeds in a process of its own, with the loader of this one. */
function inChild(share: Share): Promise<Simulated> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), ['--share', JSON.stringify(share)])
    let result: Simulated | undefined
    child.on('message', (message: Simulated) => {
      result = message
    })
    child.on('error', reject)
    child.on('exit', (code) =>
      result === undefined ? reject(new Error(`a share of the seeds ended with ${code}`)) : resolve(result),
    )
  })
}

/** The seeds in as many shares as there are processors. */
function sharesOf({ start, seeds, duckdb }: Share): readonly Share[] {
  const count = Math.min(seeds, availableParallelism())
  const size = Math.ceil(seeds / count)
  return Array.from({ length: count }, (_, i) => ({
    start: start + i * size,
    seeds: Math.min(size, seeds - i * size),
    duckdb,
  })).filter((share) => share.seeds > 0)
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '1000' },
      start: { type: 'string', default: '1' },
      duckdb: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      share: { type: 'string' },
    },
  })
  if (values.help) return void process.stdout.write(`${USAGE}\n`)
  if (values.share !== undefined) {
    process.send?.(await playShare(JSON.parse(values.share)))
    return process.disconnect()
  }
  const [seeds, start] = [Number(values.seeds), Number(values.start)]
  if (!(seeds > 0 && Number.isInteger(seeds) && Number.isInteger(start)))
    throw new Error(`--seeds and --start are whole numbers, and were ${values.seeds} and ${values.start}`)
  const results = await Promise.all(sharesOf({ seeds, start, duckdb: values.duckdb }).map(inChild))
  report(results, values.duckdb)
}

function report(results: readonly Simulated[], duckdb: boolean): void {
  const sum = (of: (result: Simulated) => number): number => results.reduce((all, each) => all + of(each), 0)
  const wrong = results.flatMap((each) => each.wrong)
  for (const { seed, wrongs } of wrong) {
    process.stdout.write(`seed ${seed} is wrong:\n${wrongs.join('\n')}\n`)
    process.stdout.write(
      `repeat it: npm run simulate -- --start ${seed} --seeds 1${duckdb ? ' --duckdb' : ''}\n`,
    )
  }
  const counts = {
    seeds: sum((each) => each.seeds),
    processes: sum((each) => each.processes),
    'store operations': sum((each) => each.operations),
    'seeds wrong': wrong.length,
  }
  figure(duckdb ? 'simulation-duckdb' : 'simulation', counts)
  process.stdout.write(`${JSON.stringify(counts)}\n`)
  process.exitCode = wrong.length === 0 ? 0 : 1
}

await main()
