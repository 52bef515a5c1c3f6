import { resolve } from 'node:path'
import { newAttempt, newRun } from '../connection/run-id.ts'
import { AlmanacError } from '../core/errors.ts'
import { exitOfRun, type RunReport } from '../core/report.ts'
import type { DemoRun } from '../demo/nights.ts'
import type { DemoFacts } from '../demo/questions.ts'
import { DEMO_SITE } from '../demo/site.ts'
import { ask, askRows } from './ask.ts'
import { type Call, type Command, DEBUG, hasFlag, type OptionSpec, QUIET, textOption } from './command.ts'
import { configurationOf } from './configuration.ts'
import { openNightTeller } from './demo-teller.ts'
import { plainAnswer } from './engine-value.ts'
import { interruptible } from './interrupt.ts'
import { mayColour, write } from './io.ts'
import { writeAnswer } from './output.ts'
import { paint } from './paint.ts'
import { writeReport } from './run-report.ts'
import { warehouseOption } from './site-option.ts'
import { openWarehouseAt, sitesIn, type Warehouse } from './warehouse.ts'
import { shown } from './width.ts'

const MOST_NIGHTS = 1000
const DEFAULT_WAREHOUSE = 'demo-warehouse'

const OPTIONS: readonly OptionSpec[] = [
  {
    flags: '--warehouse <place>',
    doc: 'folder or s3://bucket/prefix of the demo’s warehouse',
    byDefault: DEFAULT_WAREHOUSE,
  },
  { flags: '--nights <n>', doc: 'how many nights to go through', byDefault: String(DEMO_SITE.nights) },
  QUIET,
  DEBUG,
]

function nightsOf({ options }: Call): number {
  const text = textOption(options, 'nights') ?? ''
  const nights = /^\d{1,4}$/.test(text) ? Number(text) : 0
  if (nights >= 1 && nights <= MOST_NIGHTS) return nights
  throw new AlmanacError('usage', `--nights is "${text}"; it takes a whole number from 1 to ${MOST_NIGHTS}`)
}

/** A real site's warehouse is never written to: not the default one, and none that knows another site. */
async function refuseRealWarehouse({ name: root, store }: Warehouse): Promise<void> {
  const others = (await sitesIn(store)).filter((site) => site !== DEMO_SITE.slug)
  const isDefault = root === resolve('./warehouse')
  if (!isDefault && others.length === 0) return
  const why = isDefault ? 'is where a real site goes' : `holds ${others.join(', ')}`
  throw new AlmanacError('usage', `the demo does not write to ${root}: that ${why}`, {
    next: 'Leave --warehouse out, or name a folder of its own.',
  })
}

const INTRODUCTION = `No Tableau site is configured, so this is the demo: a simulated site on this machine, read night after night over HTTP.
For your own site set TABLEAU_SERVER_URL, TABLEAU_PAT_NAME, TABLEAU_PAT_SECRET and TABLEAU_SITE_ID
(no TABLEAU_SITE_ID for Server's default site), then run the same command.
`
const ASIDE = 'The demo reads a simulated site on this machine; the site you configured is left alone.\n'

async function introduce(call: Call, { from }: DemoRun, nights: number, root: string): Promise<void> {
  const { io, options } = call
  if (hasFlag(options, 'quiet')) return
  const text = (await configurationOf(call)) === undefined ? INTRODUCTION : ASIDE
  await write(
    io.err,
    `${text}\n${nights} ${nights === 1 ? 'night' : 'nights'} from ${from} on, into ${root}\n\n`,
  )
}

/** Runs the nights, telling each. Answers the last report. */
async function tellNights(call: Call, nights: number, signal: AbortSignal, warehouse: Warehouse) {
  const [{ demoRun }, { openEngine }, { systemClock: clock }, { ENTITIES: entities }] = await Promise.all([
    import('../demo/nights.ts'),
    import('../transform/engine.ts'),
    import('../adapters/local/clock.ts'),
    import('../entities/index.ts'),
  ])
  const teller = openNightTeller(call, nights)
  const engine = await openEngine()
  const { emit } = teller
  let last: RunReport | undefined
  try {
    const { store, name: root } = warehouse
    const run = await demoRun(nights, { store, engine, entities, clock, emit, newRun, newAttempt, signal })
    await introduce(call, run, nights, root)
    for await (const report of run.nights) {
      last = report
      teller.ended(report)
    }
    return last
  } finally {
    teller.close()
    await engine.close()
  }
}

async function answerQuestions({ io }: Call, warehouse: Warehouse, facts: DemoFacts): Promise<void> {
  const { questionsFor } = await import('../demo/questions.ts')
  const colour = paint(io.outColumns !== undefined && mayColour(io))
  await write(io.out, 'What only a memory can answer:\n')
  for (const [index, { title, sql }] of questionsFor(facts).entries()) {
    const indented = sql.replaceAll(/^/gm, '    ')
    await write(io.out, `\n${colour.strong(`${index + 1}. ${shown(title)}`)}\n\n${colour.dim(indented)}\n\n`)
    await ask(warehouse, [DEMO_SITE.slug], sql, (answer) =>
      writeAnswer(io, 'table', plainAnswer(answer, 'sql')),
    )
  }
}

async function suggest({ io, options }: Call, facts: DemoFacts): Promise<void> {
  const { suggestions } = await import('../demo/words.ts')
  const colour = paint(io.outColumns !== undefined && mayColour(io))
  const lines = suggestions(facts, textOption(options, 'warehouse') ?? DEFAULT_WAREHOUSE).map(
    ({ doc, command }) => `  ${colour.dim(`# ${shown(doc)}`)}\n  ${command}\n`,
  )
  await write(io.out, `\nTry next, from this folder:\n\n${lines.join('\n')}`)
}

async function run(call: Call): Promise<number> {
  const nights = nightsOf(call)
  const warehouse = await openWarehouseAt(warehouseOption(call.options) ?? DEFAULT_WAREHOUSE, call.io)
  await refuseRealWarehouse(warehouse)
  return interruptible(call.io, async (signal) => {
    const last = await tellNights(call, nights, signal, warehouse)
    if (last !== undefined && exitOfRun(last) !== 0) {
      await writeReport(call, last)
      return exitOfRun(last)
    }
    const { demoFacts } = await import('../demo/facts.ts')
    const facts = await demoFacts((sql) => askRows(warehouse, [DEMO_SITE.slug], sql, 'sql'))
    if (facts === undefined) return 0
    await answerQuestions(call, warehouse, facts)
    await suggest(call, facts)
    return 0
  })
}

/** `almanac demo`: a simulated site through a month of nights, and what its memory then knows. */
export const DEMO: Command = {
  name: 'demo',
  args: [],
  doc: 'see it work: a simulated site through 30 nights, then questions that only history answers',
  options: OPTIONS,
  examples: ['almanac demo'],
  run,
}
