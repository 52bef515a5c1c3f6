import { parseArgs } from 'node:util'
import { type FuzzResult, fuzz } from './fuzz-run.ts'

const HELP = `Tries mutated answers and items on the parser and the row casting.
  npx tsx test/hostile/fuzz.ts [--cases 1000000] [--seed 1] [--seconds 600]
Prints every input that is handled wrongly as a line for test/hostile/regressions.ts, and then ends with 1.
`

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    seconds: { type: 'string', default: '600' },
    help: { type: 'boolean', default: false },
  },
})

/** The result in lines for people. */
function told(seed: number, result: FuzzResult, seconds: number): string {
  const { pages, items, taken, slowestMs, growthMB, findings } = result
  const lines = findings.map(({ number, fault, paste }) => `case ${number}: ${fault}\n${paste}\n`)
  const sum = `seed ${seed}: ${pages} pages and ${items} items in ${seconds} s, ${taken} of them taken; the slowest took ${slowestMs} ms; memory grew by ${growthMB} MB; ${findings.length} handled wrongly\n`
  return [...lines, sum].join('\n')
}

async function main(): Promise<void> {
  const [cases, seed, seconds] = [Number(values.cases), Number(values.seed), Number(values.seconds)]
  if (values.help || ![cases, seed, seconds].every(Number.isFinite)) {
    process.stdout.write(HELP)
    process.exitCode = values.help ? 0 : 2
    return
  }
  const start = performance.now()
  const result = await fuzz({ cases, seed, seconds })
  process.stdout.write(told(seed, result, Math.round((performance.now() - start) / 1_000)))
  process.exitCode = result.findings.length === 0 ? 0 : 1
}

await main()
