import { spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative, resolve, sep } from 'node:path'
import { parseArgs } from 'node:util'
import { type Figures, figureText, isProven, namesOn, withFigures } from './document.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const PAGE = join(ROOT, 'GUARANTEES.md')
/** What proves a guarantee with a figure. */
const PROOFS = [
  'canary',
  'corruption',
  'crash',
  'guards',
  'hostile',
  'laws',
  'security',
  'simulation',
] as const

const USAGE = `npm run guarantees -- [--largest] [--write] [PROOF …]

Runs the proofs of GUARANTEES.md in full size, and says what each came to. Takes less than 40 minutes on two cores. --largest
tries more of what takes longest, for hours.
Proofs: ${PROOFS.join(', ')}. --write keeps the figures in docs/guarantees.json and GUARANTEES.md.`

interface Run {
  readonly proofs: readonly string[]
  readonly size: 'full' | 'largest'
  /** Where figures come to stand. */
  readonly figures: string
  /** Where the runner says what became of each file of tests. */
  readonly results: string
}

/** Runs the tests of these proofs; whether all passed. */
function prove({ proofs, size, figures, results }: Run): Promise<boolean> {
  const tests = proofs.map((proof) => `test/${proof}`)
  const told = ['--reporter=default', '--reporter=json', `--outputFile.json=${results}`]
  const child = spawn(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...tests, ...told], {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, ALMANAC_GUARANTEES: size, ALMANAC_FIGURES: figures },
  })
  return new Promise((done, failed) => {
    child.on('error', failed)
    child.on('exit', (code) => done(code === 0))
  })
}

/** The files of tests that failed; undefined when the runner did not live to say it. */
async function failedFiles(results: string): Promise<ReadonlySet<string> | undefined> {
  const text = await readFile(results, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  // As the runner's reporter writes it.
  const { testResults } = JSON.parse(text) as { testResults: readonly { name: string; status: string }[] }
  const failed = testResults.filter(({ status }) => status !== 'passed')
  return new Set(failed.map(({ name }) => relative(ROOT, name).replaceAll(sep, '/')))
}

/** Says what each proof came to. Where something failed and no file is known to have, nothing is proven. */
function show(page: string, figures: Figures, isAllProven: boolean, failed?: ReadonlySet<string>): void {
  const isUnclear = !isAllProven && (failed === undefined || failed.size === 0)
  for (const [name, counts] of Object.entries(figures)) {
    const isHeld = isAllProven || (!isUnclear && isProven(page, name, failed ?? new Set()))
    process.stdout.write(`${name}${isHeld ? '' : ' (NOT PROVEN, a test failed)'}: ${figureText(counts)}\n`)
  }
}

async function figuresIn(folder: string): Promise<Figures> {
  // Where everything failed there are none.
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.json')).sort()
  const read = names.map(async (name) => [
    name.replace(/\.json$/, ''),
    JSON.parse(await readFile(join(folder, name), 'utf8')),
  ])
  return Object.fromEntries(await Promise.all(read))
}

/** Keeps the figures that the page shows; those of proofs that were not run stay. */
async function write(page: string, figures: Figures): Promise<void> {
  const kept = join(ROOT, 'docs/guarantees.json')
  const before: Figures = JSON.parse(await readFile(kept, 'utf8').catch(() => '{}'))
  const shown = namesOn(page)
  const all = Object.fromEntries(
    Object.entries({ ...before, ...figures })
      .filter(([name]) => shown.includes(name))
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  )
  await writeFile(kept, `${JSON.stringify(all, null, 2)}\n`)
  await writeFile(PAGE, withFigures(page, all))
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      write: { type: 'boolean', default: false },
      largest: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(`${USAGE}\n`)
    return 0
  }
  const unknown = positionals.find((proof) => !PROOFS.some((each) => each === proof))
  if (unknown !== undefined) {
    process.stderr.write(`there is no proof "${unknown}"\n\n${USAGE}\n`)
    return 2
  }
  const folder = await mkdtemp(join(tmpdir(), 'almanac-figures-'))
  try {
    const proofs = positionals.length === 0 ? PROOFS : positionals
    const [figures, results] = [join(folder, 'figures'), join(folder, 'results.json')]
    const isAllProven = await prove({ proofs, size: values.largest ? 'largest' : 'full', figures, results })
    const found = await figuresIn(figures)
    const page = await readFile(PAGE, 'utf8')
    show(page, found, isAllProven, await failedFiles(results))
    if (isAllProven && values.write) await write(page, found)
    return isAllProven ? 0 : 1
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

process.exitCode = await main()
