import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'

/** CSV as another reader of RFC 4180 takes it apart: records of texts by column, all texts as they stand. */
export async function readCsv(
  csv: string,
  folder: string,
): Promise<readonly Record<string, string | null>[]> {
  const file = join(folder, 'read-back.csv')
  await writeFile(file, csv)
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  const options = `all_varchar = true, header = true, delim = ',', quote = '"', escape = '"', auto_detect = false,
    nullstr = '', allow_quoted_nulls = false, max_line_size = 1000000, strict_mode = false`
  const names = (csv.split('\n')[0] ?? '').split(',')
  const columns = names.map((name) => `'${name}': 'VARCHAR'`).join(', ')
  const sql = `FROM read_csv('${file.replaceAll("'", "''")}', ${options}, columns = {${columns}})`
  const rows = (await connection.runAndReadAll(sql)).getRowObjectsJS()
  instance.closeSync()
  return rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [name, value === null ? null : String(value)]),
    ),
  )
}

const SIGNS = '=+-@＝＋－＠﹦﹢﹣﹫−'
const NUMBER = /^[-+]?[0-9]+([.][0-9]+)?([eE][-+]?[0-9]+)?$/

/** Takes away what spreadsheets skip before a formula, and the quotes that another reader takes away. */
const opened = (cell: string): string => cell.replace(/^[\s\p{Cc}\p{Cf}"“”‘’]+/u, '')

function beginsWithSign(cell: string): boolean {
  const first = opened(cell)[0]
  return first !== undefined && SIGNS.includes(first) && !NUMBER.test(cell)
}

/** Whether a spreadsheet would run a cell, or may: the judge of the guard, and written apart from it. */
export const isFormula = (cell: string): boolean => /^[\t\r\n]/.test(cell) || beginsWithSign(cell)

/** Whether a line of a list, which begins as a formula does, could call anything. */
const callsNothing = (piece: string): boolean => /^ *- /.test(piece) && !/[(|!]/.test(piece)

/**
 * The cells that a spreadsheet would run which takes another separator than the comma, and every line end for the end of
 * a row, whatever the quotes say.
 */
export const formulasCutAt = (csv: string, separator: ';' | '\t'): readonly string[] =>
  csv
    .split(/[\r\n]/)
    .filter((line) => !callsNothing(line))
    .flatMap((line) => line.split(separator))
    .filter(beginsWithSign)
