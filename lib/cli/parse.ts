import { readFile } from 'node:fs/promises'
import type { Row } from '../core/column.ts'
import type { Entity } from '../core/entity.ts'
import { AlmanacError, asAlmanacError, saidBy } from '../core/errors.ts'
import { type Drift, rowReader } from '../core/row.ts'
import { entityNamed } from '../entities/index.ts'
import type { parsePage } from '../tableau/answer.ts'
import { argument, type Call, COMMON, type Command, formatOf, textOption } from './command.ts'
import { note } from './note.ts'
import { styleOf, writeAnswer } from './output.ts'
import { answerOf, cellValue, isNumericType } from './value.ts'

const BY_PARENT = '--parent <luid>'

async function bytesOf(file: string): Promise<Uint8Array> {
  return readFile(file).catch((cause: unknown) => {
    const why = saidBy(cause)
    throw new AlmanacError('usage', `${file} cannot be read: ${why}`, {
      cause,
      next: 'Name files that hold recorded answers of Tableau, as XML.',
    })
  })
}

/** The same error, with the file that it is about. */
function inFile(file: string, thrown: unknown): AlmanacError {
  const { code, message, next, tableauCode, cause } = asAlmanacError(thrown)
  const context = tableauCode === undefined ? { next, cause } : { next, cause, tableauCode }
  return new AlmanacError(code, `${file}: ${message}`, context)
}

/** The rows of recorded answers, computed columns included: these need the rows of all files. */
async function rowsOf(
  entity: Entity,
  files: readonly string[],
  parent: string | undefined,
  drift: Drift,
  parse: typeof parsePage,
): Promise<readonly Row[]> {
  const { read } = entity
  const shape = { list: read.shape === 'single' ? null : read.list, item: read.item }
  const toRow = rowReader(entity, drift)
  const rows: Row[] = []
  for (const file of files) {
    const bytes = await bytesOf(file)
    try {
      for (const item of parse(bytes, shape).items) rows.push(toRow(item, parent))
    } catch (thrown) {
      throw inFile(file, thrown)
    }
  }
  // Rows made from this entity's declaration are rows of its type.
  return entity.complete === undefined ? rows : entity.complete(rows as never)
}

async function run(call: Call): Promise<number> {
  const entity = entityNamed(argument(call, 0))
  const parent = textOption(call.options, 'parent')
  if (entity.read.shape === 'children' && parent === undefined) {
    throw new AlmanacError(
      'usage',
      `${entity.name} is read parent by parent, and the answer does not name it`,
      {
        next: `Give the LUID for ${entity.read.parentColumn} with --parent.`,
      },
    )
  }
  const { parsePage } = await import('../tableau/answer.ts')
  const drift: Drift = new Map()
  const rows = await rowsOf(entity, call.args.slice(1), parent, drift, parsePage)
  const columns = Object.entries(entity.columns)
  const format = formatOf(call.options)
  const values = rows.map((row) =>
    columns.map(([name, { type }]) => cellValue(type, row[name] ?? null, styleOf(format))),
  )
  const shown = columns.map(([name, { type }]) => ({ name, isNumeric: isNumericType(type) }))
  await writeAnswer(call.io, format, answerOf(shown, values))
  await note(call, ...[...drift].map(([path, times]) => `no column names ${path} (${times} times)`))
  return 0
}

/** Rows from recorded answers. */
export const PARSE: Command = {
  name: 'parse',
  args: [
    { name: '<entity>', doc: 'the entity' },
    { name: '<file...>', doc: 'recorded answers of Tableau, as XML' },
  ],
  doc: 'rows from recorded answers, without a network',
  options: [{ flags: BY_PARENT, doc: 'LUID of the parent, for entities read parent by parent' }, ...COMMON],
  examples: ['almanac parse workbooks page-1.xml page-2.xml --output csv'],
  run,
}
