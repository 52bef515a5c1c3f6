import type { Format } from './command.ts'
import { csvRecord, type Told } from './csv.ts'
import { guarded } from './formula.ts'
import { type Io, mayColour, write } from './io.ts'
import { jsonRow } from './json.ts'
import { paint } from './paint.ts'
import { layoutOf, tableCell, tableHead, tableLine } from './table.ts'
import type { Answer, InstantStyle } from './value.ts'
import { shown } from './width.ts'

/** The rows that a table's widths are taken from; those after them are written as they come. */
const MEASURED = 2000

type Writer = (io: Io, answer: Answer) => Promise<void>

/** How instants read in a format. */
export const styleOf = (format: Format): InstantStyle => (format === 'json' ? 'iso' : 'sql')

const asIs: Told = (text) => text

/** CSV whose texts are told so; a terminal is shown what it must not obey, whatever the format. */
const csvWriter =
  (told: Told): Writer =>
  async (io, { columns, chunks }) => {
    const tell: Told = io.outColumns === undefined ? told : (text) => shown(told(text))
    await write(
      io.out,
      csvRecord(
        columns.map(({ name }) => name),
        tell,
      ),
    )
    for await (const rows of chunks) await write(io.out, rows.map((row) => csvRecord(row, tell)).join(''))
  }

async function writeJson(io: Io, { columns, chunks }: Answer): Promise<void> {
  const names = columns.map(({ name }) => name)
  let before = '[\n'
  for await (const rows of chunks) {
    if (rows.length === 0) continue
    await write(io.out, before + rows.map((row) => jsonRow(names, row)).join(',\n'))
    before = ',\n'
  }
  await write(io.out, before === '[\n' ? '[]\n' : '\n]\n')
}

async function writeTable(io: Io, { columns, chunks }: Answer): Promise<void> {
  const isCut = io.outColumns !== undefined
  const colour = paint(isCut && mayColour(io))
  let waiting: string[][] = []
  let line: ((cells: readonly string[]) => string) | undefined
  const begin = async (): Promise<(cells: readonly string[]) => string> => {
    const layout = layoutOf(columns, waiting, io.outColumns)
    const draw = (cells: readonly string[]): string => `${tableLine(layout, cells, isCut)}\n`
    await write(io.out, tableHead(layout, colour, isCut) + waiting.map(draw).join(''))
    waiting = []
    return draw
  }
  for await (const rows of chunks) {
    const cells = rows.map((row) => row.map(tableCell))
    if (line !== undefined) await write(io.out, cells.map(line).join(''))
    else waiting = waiting.concat(cells)
    if (line === undefined && waiting.length >= MEASURED) line = await begin()
  }
  if (line === undefined) await begin()
}

const WRITERS: Readonly<Record<Format, Writer>> = {
  csv: csvWriter(guarded),
  'csv-raw': csvWriter(asIs),
  json: writeJson,
  table: writeTable,
}

/** Writes an answer to `out`, chunk by chunk; a table is cut to the terminal's width, and never elsewhere. */
export const writeAnswer = (io: Io, format: Format, answer: Answer): Promise<void> =>
  WRITERS[format](io, answer)
