import type { EntityOutcome } from '../core/event.ts'
import { exitOf } from '../core/verdict.ts'
import type { ExtractedEntity } from '../nightly/extract-day.ts'
import { type Call, type Command, formatOf, hasFlag } from './command.ts'
import { errorText } from './failure.ts'
import { write } from './io.ts'
import { writeAnswer } from './output.ts'
import { doRuns } from './run-ports.ts'
import { writeReasons } from './run-report.ts'
import { RUN_OPTIONS } from './site-run.ts'
import { type Answer, answerOf, columnsOf } from './value.ts'

const reasonOf = ({ result }: ExtractedEntity): string | null => {
  if (result.verdict === 'complete') return null
  return result.error === null ? result.reason : `${result.reason} (${result.error.next})`
}

function row(dt: string, each: ExtractedEntity) {
  const { entity, result } = each
  if (result.verdict !== 'complete')
    return [dt, entity, null, null, null, null, null, result.verdict, reasonOf(each)]
  const { lastTotal, rows, duplicates, calls, retries } = result.receipt
  return [dt, entity, lastTotal, rows, duplicates, calls, retries, 'complete', null]
}

const COLUMNS = columnsOf(
  'day',
  'entity',
  '#expected',
  '#fetched',
  '#duplicates',
  '#calls',
  '#retries',
  'verdict',
)

function landedAnswer(dt: string, entities: readonly ExtractedEntity[], isTable: boolean): Answer {
  const columns = isTable ? COLUMNS : [...COLUMNS, ...columnsOf('reason')]
  return answerOf(
    columns,
    entities.map((each) => row(dt, each).slice(0, columns.length)),
  )
}

const exitOfExtraction = (entities: readonly ExtractedEntity[]): number =>
  entities.some(({ result }) => exitOf(result.verdict) === 3) ? 3 : 0

/** What came of one site's extraction. */
async function tellExtraction(
  { io, options }: Call,
  { dt, entities }: { readonly dt: string; readonly entities: readonly ExtractedEntity[] },
): Promise<void> {
  const format = formatOf(options)
  await writeAnswer(io, format, landedAnswer(dt, entities, format === 'table'))
  const reasons: Pick<EntityOutcome, 'entity' | 'verdict' | 'reason'>[] = entities.map((each) => ({
    entity: each.entity,
    verdict: each.result.verdict,
    reason: reasonOf(each),
  }))
  if (format === 'table') await writeReasons(io, reasons)
}

async function run(call: Call): Promise<number> {
  const { extractDay } = await import('../nightly/extract-day.ts')
  return doRuns(call, extractDay, {
    exitOf: ({ result, error }) => error?.exit ?? exitOfExtraction(result?.entities ?? []),
    tell: async ({ site, result, error }, several) => {
      if (error === undefined) return tellExtraction(call, result)
      const isDebug = hasFlag(call.options, 'debug')
      const of = several ? site.slug : undefined
      await write(call.io.err, errorText(error, { io: call.io, isDebug, of }))
    },
  })
}

/** Reads the site into landing, and commits nothing. */
export const EXTRACT: Command = {
  name: 'extract',
  args: [],
  doc: 'read the site into landing; "load" commits it',
  options: RUN_OPTIONS,
  examples: ['almanac extract --select workbooks'],
  judges: true,
  run,
}
