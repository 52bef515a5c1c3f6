import { type Day, parseDay } from '../core/day.ts'
import type { Entity } from '../core/entity.ts'
import { AlmanacError } from '../core/errors.ts'
import { ENTITIES } from '../entities/index.ts'
import { completeDays, lastUpTo } from '../load/complete-days.ts'
import type { Lacking } from '../questions/lacking.ts'
import { askRows, holdToCommits, lackingFor } from './ask.ts'
import { argument, type Call, COMMON, type Command, formatOf, textOption } from './command.ts'
import { entityWithHistory } from './history.ts'
import { note } from './note.ts'
import { styleOf, writeAnswer } from './output.ts'
import { answerOf, columnsOf, type Value } from './value.ts'
import { askedSites, chosenSites, existingWarehouse, type Warehouse } from './warehouse.ts'

const COLUMNS = columnsOf('site', 'entity', 'change', 'id', 'name', 'column', 'old', 'new')

/**
 * What a day stands for where it has no complete snapshot, one line for all entities that share it. Those that a site never
 * read are named by themselves.
 */
async function dayNotes(
  { store }: Warehouse,
  sites: readonly string[],
  entities: readonly Entity[],
  days: readonly Day[],
  unread: Lacking['unread'],
): Promise<readonly string[]> {
  const notes = new Map<string, string[]>()
  for (const site of sites) {
    for (const entity of entities) {
      if (unread.some((each) => each.site === site && each.entity === entity.name)) continue
      const complete = await completeDays(store, entity, site)
      for (const day of days.filter((each) => !complete.includes(each))) {
        const last = lastUpTo(complete, day)
        const note = `${site} has no complete ${day}; ${last === undefined ? 'nothing was known then' : `as of ${last}`}`
        notes.set(note, [...(notes.get(note) ?? []), entity.name])
      }
    }
  }
  return [...notes].map(([note, names]) => `${note}: ${names.join(', ')}`)
}

function summary(rows: readonly (readonly Value[])[]): string {
  const count = (change: string): number =>
    new Set(rows.filter((row) => row[2] === change).map((row) => row.slice(0, 4).join(' '))).size
  const told = `${count('created')} created, ${count('changed')} changed, ${count('gone')} gone`
  const unknown = count('first_read')
  return unknown === 0
    ? told
    : `${told}; ${unknown} read for the first time: nobody knows since when they are there`
}

function daysOf(call: Call): readonly [Day, Day] {
  const [from, to] = [parseDay(argument(call, 0)), parseDay(argument(call, 1))]
  if (from <= to) return [from, to]
  throw new AlmanacError('usage', `${from} is later than ${to}`, { next: 'Give the earlier day first.' })
}

async function run(call: Call): Promise<number> {
  const [from, to] = daysOf(call)
  const name = textOption(call.options, 'entity')
  const entities =
    name === undefined ? ENTITIES.filter(({ event }) => event === undefined) : [entityWithHistory(name)]
  const warehouse = await existingWarehouse(call)
  const asked = await askedSites(warehouse, call)
  const { diffOf } = await import('../questions/diff.ts')
  const format = formatOf(call.options)
  const sql = diffOf(entities, from, to)
  const rows = await askRows(warehouse, asked, sql, styleOf(format))
  await writeAnswer(call.io, format, answerOf(COLUMNS, rows))
  const histories = entities.map((entity) => `${entity.name}_history`)
  const lacks = await lackingFor(warehouse, asked, histories)
  const sites = asked ?? (await chosenSites(warehouse, call))
  await note(
    call,
    ...(await dayNotes(warehouse, sites, entities, [from, to], lacks.unread)),
    `${from} to ${to}: ${summary(rows)}`,
  )
  await holdToCommits(call, lacks)
  return 0
}

/** What changed between two days. */
export const DIFF: Command = {
  name: 'diff',
  args: [
    { name: '<from>', doc: 'a day, YYYY-MM-DD' },
    { name: '<to>', doc: 'a later one' },
  ],
  doc: 'what was created, changed and gone between two days',
  options: [{ flags: '--entity <entity>', doc: 'one entity (default: all)' }, ...COMMON],
  examples: [
    'almanac diff 2026-11-01 2026-11-08',
    'almanac diff 2026-11-01 2026-11-08 --entity workbooks --output csv',
  ],
  run,
}
