import { parseDay } from '../core/day.ts'
import { DAYS_SQL, type DemoFacts, groupSql, type Named, pastDayOf, WORKBOOK_SQL } from './questions.ts'

/** Asks the demo's warehouse a short question: all rows. */
export type AskRows = (sql: string) => Promise<readonly (readonly unknown[])[]>

/** The two texts of an answer's first row; undefined when there is no such row. */
async function firstPair(ask: AskRows, sql: string): Promise<readonly [string, string] | undefined> {
  const [one, two] = (await ask(sql))[0] ?? []
  return typeof one === 'string' && typeof two === 'string' ? [one, two] : undefined
}

async function named(ask: AskRows, sql: string): Promise<Named | undefined> {
  const pair = await firstPair(ask, sql)
  return pair === undefined ? undefined : { id: pair[0], name: pair[1] }
}

/** What the demo's questions are about; undefined when the warehouse has no day yet. */
export async function demoFacts(ask: AskRows): Promise<DemoFacts | undefined> {
  const days = await firstPair(ask, DAYS_SQL)
  if (days === undefined) return undefined
  const [firstDay, lastDay] = [parseDay(days[0]), parseDay(days[1])]
  const pastDay = pastDayOf(firstDay, lastDay)
  const [group, workbook] = [await named(ask, groupSql(pastDay)), await named(ask, WORKBOOK_SQL)]
  return { firstDay, lastDay, pastDay, group, workbook }
}
