import { type Finding, isWell } from '../verify/finding.ts'
import { type Call, COMMON, type Command, formatOf, SELECT, textOption } from './command.ts'
import { mayColour, write } from './io.ts'
import { writeAnswer } from './output.ts'
import { type Paint, paint } from './paint.ts'
import { withEngine } from './run-ports.ts'
import { selectedEntities } from './selection.ts'
import { columnsOf } from './value.ts'
import { askedSites, existingWarehouse } from './warehouse.ts'
import { shown } from './width.ts'

const COLUMNS = columnsOf('site', 'entity', 'level', 'message', 'key', 'next')

const MARKS: Readonly<Record<Finding['level'], (colour: Paint) => (text: string) => string>> = {
  ok: ({ good }) => good,
  none: ({ dim }) => dim,
  damaged: ({ bad }) => bad,
  wrong: ({ bad }) => bad,
}

/** A finding in lines: what, where, and what to do. */
function findingText({ site, entity, level, message, key, next }: Finding, colour: Paint): string {
  const mark = MARKS[level](colour)(level)
  const where = key === '' || message.includes(key) ? '' : `\n  at: ${shown(key)}`
  const what = next === '' ? '' : `\n  next: ${shown(next)}`
  return `${mark} ${entity} of ${site}: ${shown(message)}${where}${what}\n`
}

type Seen = (finding: Finding) => Finding

async function* rowsOf(findings: AsyncIterable<Finding>, seen: Seen): AsyncGenerator<readonly string[][]> {
  for await (const finding of findings) {
    const { site, entity, level, message, key, next } = seen(finding)
    yield [[site, entity, level, message, key, next]]
  }
}

/** Writes the findings as they come, since a large warehouse takes a while. Whether all was well. */
async function tell({ io, options }: Call, findings: AsyncIterable<Finding>): Promise<boolean> {
  const format = formatOf(options)
  const colour = paint(io.outColumns !== undefined && mayColour(io))
  let isAllWell = true
  const seen: Seen = (finding) => {
    isAllWell &&= isWell(finding)
    return finding
  }
  if (format === 'table') {
    for await (const finding of findings) await write(io.out, findingText(seen(finding), colour))
  } else {
    await writeAnswer(io, format, { columns: COLUMNS, chunks: rowsOf(findings, seen) })
  }
  return isAllWell
}

async function run(call: Call): Promise<number> {
  const entities = selectedEntities(call.options)
  const isNamed = textOption(call.options, 'select') !== undefined
  const warehouse = await existingWarehouse(call)
  const sites = await askedSites(warehouse, call)
  const { verify } = await import('../verify/verify.ts')
  return withEngine(async (engine) =>
    (await tell(call, verify(warehouse.store, engine, entities, sites, isNamed))) ? 0 : 1,
  )
}

/** Whether the warehouse is what it was written to be. */
export const VERIFY: Command = {
  name: 'verify',
  args: [],
  doc: 'check every object, every day’s proof, and history against the snapshots; exit code 1 when anything is wrong',
  options: [SELECT, ...COMMON],
  examples: ['almanac verify', 'almanac verify --select workbooks'],
  judges: true,
  run,
}
