import { addDays } from '../core/day.ts'
import type { RunReport } from '../core/report.ts'
import { shellWord } from '../core/shell.ts'
import type { DemoFacts } from './questions.ts'

const count = (value: number): string => value.toLocaleString('en')

const total = (report: RunReport, of: 'fetched' | 'new' | 'changed' | 'gone'): number =>
  report.outcomes.reduce((sum, outcome) => sum + (outcome[of] ?? 0), 0)

/** A night that is over, on one line. */
export function nightLine(number: number, nights: number, report: RunReport): string {
  const { dt, outcomes, startedAt, endedAt } = report
  const complete = outcomes.filter(({ verdict }) => verdict === 'complete').length
  return [
    `night ${String(number).padStart(String(nights).length)}/${nights}`,
    dt,
    `${complete} of ${outcomes.length} tables complete`,
    `${count(total(report, 'fetched')).padStart(6)} rows`,
    `${count(total(report, 'new')).padStart(5)} new`,
    `${count(total(report, 'changed')).padStart(5)} changed`,
    `${count(total(report, 'gone')).padStart(4)} gone`,
    `${((endedAt - startedAt) / 1000).toFixed(1)} s`,
  ].join('   ')
}

/** A command to paste, with what it does. */
export interface Suggestion {
  readonly doc: string
  readonly command: string
}

/** The next commands to try; `warehouse` is the path as it was given. */
export function suggestions(
  { firstDay, lastDay, workbook }: DemoFacts,
  warehouse: string,
): readonly Suggestion[] {
  const where = `--warehouse ${shellWord(warehouse)}`
  const history = {
    doc: `every version of the workbook “${workbook?.name ?? ''}”`,
    command: `npx almanac history workbooks ${workbook?.id ?? ''} ${where}`,
  }
  const weekBefore = addDays(lastDay, -7)
  const diff = {
    doc: 'what was created, changed and gone in the last week',
    command: `npx almanac diff ${weekBefore < firstDay ? firstDay : weekBefore} ${lastDay} ${where}`,
  }
  return [
    {
      doc: 'any question in SQL: how many people had which site role, day by day',
      command: `npx almanac query ${where} "SELECT dt, site_role, count(*) AS users FROM users_snapshots GROUP BY ALL ORDER BY ALL"`,
    },
    ...(workbook === undefined ? [] : [history]),
    ...(firstDay === lastDay ? [] : [diff]),
  ]
}
