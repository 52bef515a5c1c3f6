import { AlmanacError, ERRORS, type ErrorCode } from '../core/errors.ts'
import type { EntityOutcome } from '../core/event.ts'
import { exitOfRun, type RunReport } from '../core/report.ts'
import { type Call, formatOf, type Options } from './command.ts'
import { errorText } from './failure.ts'
import { acceptHere } from './held.ts'
import { type Io, mayColour, write } from './io.ts'
import { quietJson } from './json.ts'
import { writeAnswer } from './output.ts'
import { type Paint, paint } from './paint.ts'
import { type Answer, answerOf, columnsOf, type Value } from './value.ts'
import { shown } from './width.ts'

/** A duration as people read it, from milliseconds. */
export const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)}s`

function row(outcome: EntityOutcome, isTable: boolean): readonly Value[] {
  const { entity, expected, fetched, duplicates, calls, retries, milliseconds, verdict, already } = outcome
  const counts = [expected, fetched, duplicates, outcome.new, outcome.changed, outcome.gone, calls, retries]
  if (isTable) return [entity, ...counts, seconds(milliseconds), already ? `${verdict} (earlier)` : verdict]
  return [entity, ...counts, milliseconds, verdict, already, outcome.candidate, outcome.reason]
}

const COUNTS = ['#expected', '#fetched', '#duplicates', '#new', '#changed', '#gone', '#calls', '#retries']

/** The outcomes of a run as rows: for people, or with everything there is. */
export function outcomesAnswer(outcomes: readonly EntityOutcome[], isTable: boolean): Answer {
  const names = isTable
    ? ['#time', 'verdict']
    : ['#milliseconds', 'verdict', 'already', 'candidate', 'reason']
  const counts = isTable ? COUNTS.map((name) => name.replace('duplicates', 'dup')) : COUNTS
  return answerOf(
    columnsOf('entity', ...counts, ...names),
    outcomes.map((outcome) => row(outcome, isTable)),
  )
}

/** An entity with why it is not complete. */
export type Reasoned = Pick<EntityOutcome, 'entity' | 'verdict' | 'reason'>

const tone = (colour: Paint, { verdict }: Reasoned): ((text: string) => string) =>
  verdict === 'unsupported' ? colour.dim : colour.warn

/** A line for each entity that is not complete: what it came to, and why. */
export async function writeReasons(io: Io, outcomes: readonly Reasoned[]): Promise<void> {
  const colour = paint(io.outColumns !== undefined && mayColour(io))
  const lines = outcomes.flatMap((outcome) =>
    outcome.reason === null
      ? []
      : `${tone(colour, outcome)(`${outcome.entity} ${outcome.verdict}`)}: ${shown(outcome.reason)}\n`,
  )
  await write(io.out, lines.length === 0 ? '' : `\n${lines.join('')}`)
}

const isCode = (code: string): code is ErrorCode => Object.hasOwn(ERRORS, code)

/** What ended a run, as an error again. */
function failureOf({ failure }: RunReport): AlmanacError | undefined {
  if (failure === null) return undefined
  const code = isCode(failure.code) ? failure.code : 'internal'
  return new AlmanacError(code, failure.message, { next: failure.next })
}

async function writeFailure(io: Io, report: RunReport, of?: string): Promise<void> {
  const failure = failureOf(report)
  if (failure !== undefined) await write(io.err, errorText(failure, { io, isDebug: false, of }))
}

function summary({ site, dt, run, outcomes, startedAt, endedAt }: RunReport): string {
  const calls = outcomes.reduce((sum, each) => sum + each.calls, 0)
  const complete = outcomes.filter(({ verdict }) => verdict === 'complete').length
  return `\n${site}, ${dt}: ${complete} of ${outcomes.length} entities complete, ${calls} calls, ${seconds(endedAt - startedAt)} (run ${run})\n`
}

/** For what the guard holds: the command that commits it all the same, complete enough to paste. */
const acceptLines = ({ site, outcomes }: RunReport, options: Options): string =>
  outcomes
    .filter(({ verdict }) => verdict === 'guarded')
    .map(({ entity, candidate }) => acceptHere(options, { entity, site, candidate: candidate ?? '' }))
    .map((command) => `  nothing was changed; if it is right: ${command}\n`)
    .join('')

/**
 * Writes a run's report: rows, then why an entity is not complete; what ended the run goes to `err`, with the site it is of
 * where there are several.
 */
export async function writeReport(
  { io, options }: Pick<Call, 'io' | 'options'>,
  report: RunReport,
  of?: string,
): Promise<void> {
  const format = formatOf(options)
  const failure = failureOf(report)
  const reasoned = report.outcomes.filter(({ reason }) => reason !== report.failure?.message)
  // A run that never got to read has no rows to show: what ended it says it all.
  const isBlank =
    failure !== undefined && report.outcomes.every(({ calls, already }) => calls === 0 && !already)
  if (format === 'json') await write(io.out, `${quietJson(report, 2)}\n`)
  else if (!isBlank || format !== 'table')
    await writeAnswer(io, format, outcomesAnswer(report.outcomes, format === 'table'))
  if (format === 'table' && !isBlank) {
    await writeReasons(io, reasoned)
    await write(io.out, `${acceptLines(report, options)}${summary(report)}`)
  }
  await writeFailure(io, report, of)
}

/** Writes the reports of several sites as one answer for machines: every row names its site. */
export async function writeReports({ io, options }: Call, reports: readonly RunReport[]): Promise<void> {
  for (const report of reports) await writeFailure(io, report, report.site)
  const format = formatOf(options)
  if (format === 'json') return write(io.out, `${quietJson(reports, 2)}\n`)
  const { columns } = outcomesAnswer([], false)
  const rows = reports.flatMap(({ site, dt, outcomes }) =>
    outcomes.map((outcome) => [site, dt, ...row(outcome, false)]),
  )
  return writeAnswer(io, format, answerOf([...columnsOf('site', 'day'), ...columns], rows))
}

/** The exit code of a run; one that ended over what was asked for (the wrong day) is a matter of usage. */
export const exitOfReport = (report: RunReport): number =>
  failureOf(report)?.exit === 2 ? 2 : exitOfRun(report)
