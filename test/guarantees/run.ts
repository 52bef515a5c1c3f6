import { spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { type Figures, figureText, withFigures } from './document.ts'

const ROOT = resolve(import.meta.dirname, '../..')
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

Runs the proofs of GUARANTEES.md in full size, and says what each came to. Meant to take at most 40 minutes on two cores. --largest tries
more of what takes longest, for hours.
Proofs: ${PROOFS.join(', ')}. --write keeps the figures in docs/guarantees.json and GUARANTEES.md.`

/** Runs the tests of these proofs; whether all passed. */
function prove(proofs: readonly string[], figures: string, size: 'full' | 'largest'): Promise<boolean> {
  const tests = proofs.map((proof) => `test/${proof}`)
  const child = spawn(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...tests], {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, ALMANAC_GUARANTEES: size, ALMANAC_FIGURES: figures },
  })
  return new Promise((done, failed) => {
    child.on('error', failed)
    child.on('exit', (code) => done(code === 0))
  })
}

async function figuresIn(folder: string): Promise<Figures> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort()
  const read = names.map(async (name) => [
    name.replace(/\.json$/, ''),
    JSON.parse(await readFile(join(folder, name), 'utf8')),
  ])
  return Object.fromEntries(await Promise.all(read))
}

/** Keeps the figures; those of proofs that were not run stay. */
async function write(figures: Figures): Promise<void> {
  const kept = join(ROOT, 'docs/guarantees.json')
  const before: Figures = JSON.parse(await readFile(kept, 'utf8').catch(() => '{}'))
  const all = Object.fromEntries(
    Object.entries({ ...before, ...figures }).sort(([a], [b]) => (a < b ? -1 : 1)),
  )
  await writeFile(kept, `${JSON.stringify(all, null, 2)}\n`)
  const page = join(ROOT, 'GUARANTEES.md')
  await writeFile(page, withFigures(await readFile(page, 'utf8'), all))
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
    const isProven = await prove(proofs, folder, values.largest ? 'largest' : 'full')
    const figures = await figuresIn(folder)
    for (const [name, counts] of Object.entries(figures))
      process.stdout.write(`${name}: ${figureText(counts)}\n`)
    if (isProven && values.write) await write(figures)
    return isProven ? 0 : 1
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

process.exitCode = await main()
