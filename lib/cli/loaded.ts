import type { LoadResult } from '../load/load.ts'
import { type Call, formatOf } from './command.ts'
import { acceptHere, refutedText } from './held.ts'
import { write } from './io.ts'
import { writeAnswer } from './output.ts'
import { answerOf, columnsOf, type Value } from './value.ts'
import { shown } from './width.ts'

/** An entity with what loading it did. */
export interface Loaded {
  readonly entity: string
  readonly site: string
  readonly result: LoadResult
}

const COLUMNS = columnsOf(
  'site',
  'entity',
  'committed',
  'held',
  'refuted',
  '#new',
  '#changed',
  '#gone',
  '#objects',
)

function row({ entity, site, result }: Loaded): readonly Value[] {
  const { committed, held, changes, published } = result
  return [
    site,
    entity,
    committed.map(({ dt }) => dt),
    held.map(({ dt }) => dt),
    held.filter(({ refutedBy }) => refutedBy !== null).map(({ dt }) => dt),
    changes?.new ?? null,
    changes?.changed ?? null,
    changes?.gone ?? null,
    published,
  ]
}

/** Lists stand in a table without the marks of JSON; a first load may commit many days. */
const tableRow = (values: readonly Value[]): readonly Value[] =>
  values.map((value) => (Array.isArray(value) ? daysText(value.map(String)) : value))

const daysText = (days: readonly string[]): string =>
  days.length > 3 ? `${days[0]} … ${days.at(-1)} (${days.length})` : days.join(', ')

/** Writes what loading did; days that are held are explained. The exit code: 3 when one is held that no later day refutes. */
export async function writeLoaded(call: Call, loaded: readonly Loaded[]): Promise<number> {
  const format = formatOf(call.options)
  const rows = loaded.map(row)
  await writeAnswer(call.io, format, answerOf(COLUMNS, format === 'table' ? rows.map(tableRow) : rows))
  const held = loaded.flatMap(({ entity, site, result }) =>
    result.held.map((day) => ({ entity, site, ...day })),
  )
  const told = held.map((day) => {
    const next = day.verdict === 'guarded' ? `\n  if it is right: ${acceptHere(call.options, day)}` : ''
    return `${day.entity} ${day.dt} ${day.verdict}${refutedText(day)}: ${shown(day.reason)}${next}\n`
  })
  if (told.length > 0) await write(format === 'table' ? call.io.out : call.io.err, `\n${told.join('')}`)
  return held.some(({ refutedBy }) => refutedBy === null) ? 3 : 0
}
