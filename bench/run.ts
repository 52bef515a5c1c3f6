import { spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { loadavg } from 'node:os'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { between } from './document.ts'
import { machineLine } from './machine.ts'
import { type BenchResult, resultText } from './result.ts'

/**
 * `npm run bench`: every benchmark, one after the other, each in a process of its own. Names after it choose some.
 * `--json` answers JSON; `--write` puts the tables between the markers of docs/benchmarks.md.
 */
const ALL = ['site', 'bucket', 'parse', 'parquet', 'history', 'million', 'functions']
const DOC = resolve(import.meta.dirname, '../docs/benchmarks.md')

async function runOne(name: string): Promise<BenchResult> {
  process.stderr.write(`bench ${name}\n`)
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', join(import.meta.dirname, `${name}.ts`), '--json'],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const ended = new Promise<number>((done) => child.once('close', (code) => done(code ?? 1)))
  const said = await text(child.stdout)
  const code = await ended
  if (code !== 0) throw new Error(`bench ${name} ended with ${code}`)
  return JSON.parse(said) as BenchResult
}

async function write(results: readonly BenchResult[]): Promise<void> {
  const load = loadavg()[0]?.toFixed(1) ?? '?'
  let document = await readFile(DOC, 'utf8')
  for (const result of results) {
    const taken = `Taken ${machineLine()}; load average ${load} at the end of the run.`
    document = between(document, result.name, `${resultText(result)}\n\n${taken}`)
  }
  await writeFile(DOC, document)
}

const chosen = process.argv.slice(2).filter((each) => !each.startsWith('--'))
const unknown = chosen.filter((name) => !ALL.includes(name))
if (unknown.length > 0) {
  process.stderr.write(`bench: there is no ${unknown.join(', ')}; there are ${ALL.join(', ')}\n`)
  process.exit(2)
}
const results: BenchResult[] = []
for (const name of chosen.length > 0 ? chosen : ALL) results.push(await runOne(name))
if (process.argv.includes('--write')) await write(results)
process.stdout.write(
  process.argv.includes('--json')
    ? `${JSON.stringify({ machine: machineLine(), results }, null, 1)}\n`
    : `${machineLine()}\n\n${results.map(resultText).join('\n\n')}\n`,
)
