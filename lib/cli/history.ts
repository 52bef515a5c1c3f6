import type { Entity } from '../core/entity.ts'
import { AlmanacError } from '../core/errors.ts'
import { entityNamed } from '../entities/index.ts'
import { askRows, holdToCommits, lackingFor } from './ask.ts'
import { argument, type Call, COMMON, type Command, formatOf } from './command.ts'
import { errorText } from './failure.ts'
import { write } from './io.ts'
import { styleOf, writeAnswer } from './output.ts'
import { answerOf, columnsOf, type Value } from './value.ts'
import { askedSites, chosenSites, existingWarehouse, type Warehouse } from './warehouse.ts'
import { shown } from './width.ts'

type Rows = readonly (readonly Value[])[]

/** The entity of a call, which must be one with a history. Throws `usage` for events. */
export function entityWithHistory(name: string): Entity {
  const entity = entityNamed(name)
  if (entity.event === undefined) return entity
  throw new AlmanacError('usage', `${name} holds events: each happened once, and has no history`, {
    next: `Ask for them in SQL: almanac query "SELECT * FROM ${name}".`,
  })
}

/** What tells one of several things from the others: its LUID, but of a site that was copied with its LUIDs. */
function nameOne(entity: Entity, found: Rows): string {
  const [site, id] = (found[0] ?? []).map(String)
  const byId = `almanac history ${entity.name} ${id}`
  return found.filter((row) => row[1] === id).length > 1
    ? `Name one by its LUID and its site: ${byId} --site ${site}`
    : `Name one by its LUID: ${byId}`
}

/** Several things go by that name: they are the answer, and which one is meant is the question. */
async function askBack(call: Call, entity: Entity, text: string, found: Rows): Promise<number> {
  const columns = columnsOf('site', ...entity.key, 'name', 'first_day', 'gone_on', 'there_on')
  await writeAnswer(call.io, formatOf(call.options), answerOf(columns, found))
  const error = new AlmanacError('usage', `${found.length} ${entity.name} go by "${text}"`, {
    next: nameOne(entity, found),
  })
  await write(call.io.err, errorText(error, { io: call.io, isDebug: false }))
  return error.exit
}

async function tell(call: Call, warehouse: Warehouse, entity: Entity, found: Rows): Promise<number> {
  const { changesOf } = await import('../questions/history.ts')
  const format = formatOf(call.options)
  const keyWidth = entity.key.length + 1
  const keyed = found.map((row) => row.slice(0, keyWidth).map(String))
  const sites = [...new Set(keyed.flatMap(([site]) => site ?? []))]
  const rows = await askRows(warehouse, sites, changesOf(entity, keyed), styleOf(format))
  const facts = ['changed_on', 'changed_after', 'what', 'column', 'old', 'new']
  const isOne = found.length === 1 && format === 'table'
  if (isOne) await write(call.io.out, `${title(entity, found[0] ?? [])}\n\n`)
  const columns = isOne ? columnsOf(...facts) : columnsOf('site', ...entity.key, ...facts)
  await writeAnswer(call.io, format, answerOf(columns, isOne ? rows.map((row) => row.slice(keyWidth)) : rows))
  return 0
}

function title(entity: Entity, row: readonly Value[]): string {
  const [site, ...rest] = row
  const key = rest.slice(0, entity.key.length).join('/')
  const [name, first, gone, there] = rest.slice(entity.key.length)
  const called = name === null || name === undefined ? '' : ` ${name}`
  const now = gone === null ? `there${there === null ? '' : ` on ${there}`}` : `gone on ${gone}`
  return shown(`${entity.name}${called} (${key}) of ${site}: seen since ${first}, ${now}`)
}

const neverRead = ({ name }: Entity): AlmanacError =>
  new AlmanacError('not-found', `${name} was never read completely: what there was of it is not known here`, {
    next: 'See with "almanac status" whether the nights read it, and what they came to.',
  })

const notFound = ({ name }: Entity, text: string): AlmanacError =>
  new AlmanacError('not-found', `no ${name} was ever called "${text}"`, {
    next: `Look for it: almanac query "SELECT * FROM ${name}_history WHERE …".`,
  })

async function run(call: Call): Promise<number> {
  const entity = entityWithHistory(argument(call, 0))
  const text = argument(call, 1)
  const warehouse = await existingWarehouse(call)
  const sites = await askedSites(warehouse, call)
  const { rowsCalled } = await import('../questions/history.ts')
  const found = await askRows(warehouse, sites, rowsCalled(entity, text), styleOf(formatOf(call.options)))
  const lacks = await lackingFor(warehouse, sites, [entity.name, `${entity.name}_history`])
  if (found.length === 0) {
    const unread = lacks.unread.length === (await chosenSites(warehouse, call)).length
    if (!unread) await holdToCommits(call, lacks)
    throw unread ? neverRead(entity) : notFound(entity, text)
  }
  // The key of a membership is two LUIDs: one of them means all memberships that it is part of.
  if (found.length > 1 && entity.key.length === 1) return askBack(call, entity, text, found)
  const exit = await tell(call, warehouse, entity, found)
  await holdToCommits(call, lacks)
  return exit
}

/** What happened to one thing. */
export const HISTORY: Command = {
  name: 'history',
  args: [
    { name: '<entity>', doc: 'the entity' },
    { name: '<what>', doc: 'LUID or name, of any day' },
  ],
  doc: 'what happened to one workbook, user, …: every change and deletion, with its day',
  options: COMMON,
  examples: [
    'almanac history workbooks "Sales Overview"',
    'almanac history users 9fd0ab4e-11f2-4d3a-8a55-0c1e2f3a4b5c',
  ],
  run,
}
