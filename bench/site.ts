import { type ChildProcess, execFile, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { progress } from './measure.ts'
import { type BenchTable, benchmark, median, rounded } from './result.ts'

const HERE = import.meta.dirname
const BUILT = resolve(HERE, '../node_modules/.cache/almanac-bench/site-night.mjs')
const LISTS = ['users', 'groups', 'projects', 'workbooks', 'views', 'datasources']

/** Which entities a night reads, and how often each night is measured. */
interface Selection {
  readonly what: string
  readonly entities: readonly string[]
  readonly repeats: number
}

const SELECTIONS: readonly Selection[] = [
  { what: 'six lists, median of 3', entities: LISTS, repeats: 3 },
  {
    what: 'all entities, measured once',
    entities: ['site', ...LISTS, 'group_members', 'jobs'],
    repeats: 1,
  },
]

const LATENCIES = [0, 100]
const DAYS = ['2026-11-01', '2026-11-02']

/** What one night cost, as bench/site-night.ts tells it. */
interface Night {
  readonly failure: string | null
  readonly notComplete: readonly string[]
  readonly rows: number
  readonly calls: number
  readonly wall: number
  readonly cpu: number
  readonly peakMb: number
}

/** One file, as the command line is shipped: otherwise the compiler's work would be counted. */
const buildNight = (): Promise<unknown> =>
  build({
    entryPoints: [join(HERE, 'site-night.ts')],
    outfile: BUILT,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
    external: ['@duckdb/node-api'],
    banner: {
      js: "import { createRequire as createRequireOf } from 'node:module'\nconst require = createRequireOf(import.meta.url)",
    },
  })

async function runNight(
  signIn: unknown,
  root: string,
  day: string,
  entities: readonly string[],
): Promise<Night> {
  const task = JSON.stringify({ signIn, root, day, entities })
  const { stdout } = await promisify(execFile)(process.execPath, [BUILT, task])
  const night = JSON.parse(stdout) as Night
  if (night.failure !== null || night.notComplete.length > 0)
    throw new Error(`site: the night failed: ${night.failure ?? night.notComplete.join(', ')}`)
  return night
}

/** The simulated site; `day` moves it and waits until it is there. */
async function startSite(latencyMs: number): Promise<{ signIn: unknown; child: ChildProcess }> {
  const child = fork(join(HERE, 'site-simulator.ts'), [String(latencyMs), DAYS[0] ?? ''], {
    execArgv: ['--import', 'tsx'],
  })
  const [signIn] = await once(child, 'message')
  return { signIn, child }
}

async function goTo(child: ChildProcess, day: string): Promise<void> {
  const moved = once(child, 'message')
  child.send(day)
  await moved
}

/** The nights of one latency, each measured several times in warehouses of their own; a first pass warms the site. */
async function nightsAt(
  latencyMs: number,
  { entities, repeats }: Selection,
  folder: string,
): Promise<Night[][]> {
  const { signIn, child } = await startSite(latencyMs)
  const at = (name: string): string => join(folder, `${latencyMs}-${entities.length}-${name}`)
  const nights: Night[][] = []
  for (const day of DAYS) {
    await goTo(child, day)
    await runNight(signIn, at(`warm-${day}`), day, entities)
    const same: Night[] = []
    for (let repeat = 0; repeat < repeats; repeat++)
      same.push(await runNight(signIn, at(String(repeat)), day, entities))
    nights.push(same)
    progress(`${entities.length} entities, ${latencyMs} ms, ${day}: done`)
  }
  child.disconnect()
  await once(child, 'exit')
  return nights
}

function rowOf(latencyMs: number, number: number, of: readonly Night[]): (string | number)[] {
  const middle = (pick: (night: Night) => number): number => median(of.map(pick))
  return [
    `${latencyMs} ms`,
    number,
    middle(({ rows }) => rows),
    rounded(
      middle(({ wall }) => wall),
      2,
    ),
    rounded(
      middle(({ cpu }) => cpu),
      2,
    ),
    Math.round(middle(({ peakMb }) => peakMb)),
    middle(({ calls }) => calls),
  ]
}

async function tableOf(selection: Selection, folder: string): Promise<BenchTable> {
  const rows: (string | number)[][] = []
  for (const latencyMs of LATENCIES) {
    const nights = await nightsAt(latencyMs, selection, folder)
    rows.push(...nights.map((same, i) => rowOf(latencyMs, i + 1, same)))
  }
  return {
    title: `The model site, from sign-in to history: ${selection.what}`,
    head: ['latency', 'night', 'rows', 'wall s', 'CPU s', 'peak MB', 'calls'],
    rows,
  }
}

async function measure(): Promise<readonly BenchTable[]> {
  await buildNight()
  const folder = await mkdtemp(join(tmpdir(), 'almanac-bench-'))
  try {
    const tables: BenchTable[] = []
    for (const selection of SELECTIONS) tables.push(await tableOf(selection, folder))
    return tables
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

await benchmark('site', measure)
