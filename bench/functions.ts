import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { addDays } from '../lib/core/day.ts'
import { type Size, sizes } from '../lib/simulator/counts.ts'
import { bundleOf, type FunctionName } from '../lib/stacks/bundle.ts'
import { unpackedBytes, zippedBytes } from '../test/deployed/bundle-bytes.ts'
import { PLATFORM } from '../test/deployed/synthesized.ts'
import { type DeployedWorld, openWorld } from '../test/deployed/world.ts'
import { progress } from './measure.ts'
import { costOf, type Used } from './prices.ts'
import { type BenchCell, type BenchTable, benchmark, median, rounded } from './result.ts'

const FIRST = '2026-11-01'
/** The first night writes everything and starts every process; the second is what nights are like. */
const NIGHTS = 2
/** What is between a function and Tableau, and between it and S3, in milliseconds. */
const TABLEAU_MS = 100
const S3_MS = 20
const MB = 1_000_000
const STARTS = 9
const LOOKS_A_MONTH = 720
const NAMES: readonly FunctionName[] = ['extract', 'load', 'session', 'start', 'report', 'freshness']
/** What S3 counts as reading; it asks more for all else. */
const READS = ['GetObject', 'HeadObject']

/** A night: what it used, and how long it took. */
interface Night extends Used {
  readonly seconds: number
  /** By how much what stays in the bucket has grown. */
  readonly keptBytes: number
}

/** How long a process takes until it could take its first event, alone on this machine: the median, in milliseconds. */
function coldStart(name: FunctionName): number {
  const code = `await import(${JSON.stringify(join(bundleOf(name, PLATFORM), 'index.mjs'))}); console.log(performance.now())`
  const starts = Array.from({ length: STARTS }, () =>
    Number(execFileSync(process.execPath, ['--input-type=module', '--eval', code])),
  )
  return median(starts)
}

/** The name of a function as it is bundled: all extractors are one bundle. */
function bundleName(world: DeployedWorld, name: string): FunctionName {
  if (world.entities.some((entity) => world.deployed.nameOf(entity) === name)) return 'extract'
  const found = NAMES.find((each) => name.toLowerCase().startsWith(`${each}function`))
  if (found === undefined) throw new Error(`no bundle is known of ${name}`)
  return found
}

const countOf = (counts: Readonly<Record<string, number>>, isMeant: (operation: string) => boolean): number =>
  Object.entries(counts).reduce((sum, [operation, count]) => sum + (isMeant(operation) ? count : 0), 0)

/** What stays: landings are taken away after some days. */
const keptBytes = ({ s3 }: DeployedWorld): number =>
  [...s3.objects].reduce((sum, [key, { body }]) => sum + (key.startsWith('landing/') ? 0 : body.length), 0)

/** What AWS counts while something is done; `transitions` are the states that it entered. */
async function usedBy(world: DeployedWorld, act: () => Promise<{ transitions: number }>): Promise<Used> {
  const { lambda, s3, deployed } = world
  const [first, before] = [lambda.spent.length, { ...s3.counts }]
  const { transitions } = await act()
  const spent = lambda.spent.slice(first)
  const memory = new Map(deployed.functions.map(({ name, memoryMb }) => [name, memoryMb]))
  const isRead = (operation: string): boolean => READS.includes(operation)
  const newly = (isMeant: (operation: string) => boolean): number =>
    countOf(s3.counts, isMeant) - countOf(before, isMeant)
  return {
    invocations: spent.length,
    // AWS bills the start of a process, too.
    gbSeconds: spent.reduce(
      (sum, { name, ms, initMs, isCold }) =>
        sum + (((memory.get(name) ?? 0) / 1024) * (ms + (isCold ? initMs : 0))) / 1000,
      0,
    ),
    transitions,
    writes: newly((operation) => !isRead(operation) && operation !== 'DeleteObject'),
    reads: newly(isRead),
  }
}

async function nightOf(world: DeployedWorld, dt: string): Promise<Night> {
  const [kept, began] = [keptBytes(world), performance.now()]
  const used = await usedBy(world, async () => {
    const { execution } = await world.night(dt)
    if (execution.status !== 'SUCCEEDED') throw new Error(`${dt}: ${execution.status}: ${execution.cause}`)
    return { transitions: execution.states.length }
  })
  return { ...used, seconds: (performance.now() - began) / 1000, keptBytes: keptBytes(world) - kept }
}

/** One look at how old the newest snapshot is, by a process that has to be started: an hour is long. */
const lookOf = (world: DeployedWorld): Promise<Used> =>
  usedBy(world, async () => {
    const { functionName, input } = world.deployed.hourly
    await world.lambda.invoke(functionName, JSON.parse(input))
    return { transitions: 0 }
  })

/** What the processes of a function came to. */
interface Processes {
  memoryMb: number
  peakMb: number
}

interface Measured {
  readonly nights: readonly Night[]
  readonly look: Used
  readonly processes: ReadonlyMap<FunctionName, Processes>
}

function processesOf(world: DeployedWorld): Measured['processes'] {
  const found = new Map<FunctionName, Processes>()
  const memory = new Map(world.deployed.functions.map(({ name, memoryMb }) => [name, memoryMb]))
  for (const { name, peakMb } of world.lambda.spent) {
    const bundle = bundleName(world, name)
    const known = found.get(bundle) ?? { memoryMb: memory.get(name) ?? 0, peakMb: 0 }
    known.peakMb = Math.max(known.peakMb, peakMb)
    found.set(bundle, known)
  }
  return found
}

async function measure(size: Size): Promise<Measured> {
  const world = await openWorld({ counts: sizes[size], day: FIRST, latencyMs: TABLEAU_MS })
  try {
    world.s3.faults.set(() => ({ kind: 'late', milliseconds: S3_MS }))
    const nights: Night[] = []
    for (let night = 0; night < NIGHTS; night++) {
      progress(`${size}, night ${night + 1} of ${NIGHTS}`)
      nights.push(await nightOf(world, addDays(FIRST, night)))
    }
    return { nights, look: await lookOf(world), processes: processesOf(world) }
  } finally {
    await world.close()
  }
}

const nightCells = (size: Size, which: number, night: Night): BenchCell[] => [
  size,
  which,
  rounded(night.seconds),
  night.invocations,
  rounded(night.gbSeconds),
  night.transitions,
  night.writes,
  night.reads,
  rounded(night.keptBytes / MB, 2),
  rounded(100 * costOf(night), 2),
  rounded(30 * costOf(night), 2),
]

const lookCells = (size: Size, look: Used): BenchCell[] => [
  size,
  rounded(look.gbSeconds, 2),
  look.writes,
  look.reads,
  rounded(LOOKS_A_MONTH * costOf(look), 2),
]

function functionCells(name: FunctionName, measured: readonly Measured[]): BenchCell[] {
  const folder = bundleOf(name)
  const each = measured.map(({ processes }) => processes.get(name))
  return [
    name,
    rounded(unpackedBytes(folder) / MB, 2),
    rounded(zippedBytes(folder) / MB, 2),
    Math.round(coldStart(name)),
    each.find((processes) => processes !== undefined)?.memoryMb ?? '',
    ...each.map((processes) => (processes === undefined ? '' : Math.round(processes.peakMb))),
  ]
}

/** Functions as they are bundled and deployed, and what nights of each size take of them. `--small`: of the small one alone. */
async function functions(): Promise<readonly BenchTable[]> {
  const isSmall = process.argv.includes('--small')
  const chosen = (Object.keys(sizes) as Size[]).filter((size) => !isSmall || size === 'small')
  const measured: Measured[] = []
  for (const size of chosen) measured.push(await measure(size))
  return [
    {
      title: 'Functions, as they are deployed',
      head: [
        ...['function', 'unpacked MB', 'zipped MB', 'cold start ms', 'memory MB'],
        ...chosen.map((size) => `peak MB, ${size}`),
      ],
      rows: NAMES.map((name) => functionCells(name, measured)),
    },
    {
      title: `Nights, where Tableau answers after ${TABLEAU_MS} ms and S3 after ${S3_MS} ms`,
      head: [
        ...['size', 'night', 'seconds', 'invocations', 'GB-seconds', 'states', 'S3 writes and lists'],
        ...['S3 reads', 'MB kept', 'cents', 'dollars for 30'],
      ],
      rows: chosen.flatMap((size, at) =>
        (measured[at]?.nights ?? []).map((night, which) => nightCells(size, which + 1, night)),
      ),
    },
    {
      title: 'The hourly look at how old the newest snapshot is',
      head: ['size', 'GB-seconds', 'S3 lists', 'S3 reads', `dollars for ${LOOKS_A_MONTH}`],
      rows: measured.map(({ look }, at) => lookCells(chosen[at] ?? 'small', look)),
    },
  ]
}

await benchmark('functions', functions)
