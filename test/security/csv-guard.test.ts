import { Writable } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { csvRecord } from '../../lib/cli/csv.ts'
import { guarded } from '../../lib/cli/formula.ts'
import { writeAnswer } from '../../lib/cli/output.ts'
import { answerOf, columnsOf, type Value } from '../../lib/cli/value.ts'
import { cases, figure, limitFor } from '../guarantees/proof.ts'
import { undone } from './csv-formulas.ts'
import { FORMULAS, HARMLESS_TEXTS } from './formula-texts.ts'
import { recordingIo } from './recording-io.ts'
import { formulasCutAt, isFormula } from './spreadsheet.ts'

const TEXTS = cases('csv-guard', { suite: 10_000, full: 500_000 })

test.each(FORMULAS)('%j is guarded, and given back', (text) => {
  expect(isFormula(guarded(text))).toBe(false)
  expect(undone(guarded(text))).toBe(text)
})

test.each(HARMLESS_TEXTS)('%j stays as it is', (text) => {
  expect(guarded(text)).toBe(text)
  expect(undone(text)).toBe(text)
})

/** What formulas, their disguises and the guard itself are made of. */
const MARKS = [...`=+-@＝－;,\t\r\n '"“” a1(|!`, '\u200b', '\ufeff', '\u00a0', '- ', "'-", '\n- ', ';=']

test(
  'any text of such marks is no formula, wherever it is cut, and is given back to the letter',
  () => {
    const text = fc.string({ unit: fc.constantFrom(...MARKS), maxLength: 14 })
    fc.assert(
      fc.property(text, (each) => {
        const safe = guarded(each)
        const cut = [...formulasCutAt(safe, ';'), ...formulasCutAt(safe, '	')]
        return undone(safe) === each && !isFormula(safe) && cut.length === 0
      }),
      { numRuns: TEXTS },
    )
    figure('csv-guard', { texts: TEXTS })
  },
  limitFor(3, 90),
)

/** What becomes of values in a format. */
async function written(format: 'csv' | 'csv-raw', values: readonly Value[]): Promise<string> {
  const pieces: string[] = []
  const out = new Writable({
    write: (chunk, _encoding, done) => {
      pieces.push(String(chunk))
      done()
    },
  })
  const names = values.map((_, at) => `c${at}`)
  await writeAnswer({ ...recordingIo(undefined).io, out }, format, answerOf(columnsOf(...names), [values]))
  return pieces.join('').split('\n').slice(1).join('\n')
}

describe('numbers are written as they are', () => {
  const NUMBERS: readonly (readonly [Value, string])[] = [
    [-1, '-1'],
    [-0.25, '-0.25'],
    [-1e-7, '-1e-7'],
    [-1e21, '-1e+21'],
    [-9223372036854775808n, '-9223372036854775808'],
    [-(2n ** 127n), '-170141183460469231731687303715884105728'],
    [Number.NEGATIVE_INFINITY, '-Infinity'],
    // Decimals and old values of numbers come as texts.
    ['-1.50', '-1.50'],
    ['-5', '-5'],
    [null, '""'],
    [false, 'false'],
  ]
  test.each(NUMBERS)('%s', async (value, text) => {
    expect(csvRecord([value])).toBe(`${text}\n`)
    expect(await written('csv', [value])).toBe(`${text}\n`)
    expect(await written('csv-raw', [value])).toBe(`${text}\n`)
  })
})

test('names of columns are guarded too, and csv-raw guards nothing', async () => {
  const name = "=cmd|' /C calc'!A0"
  const answer = answerOf(columnsOf(name), [[name]])
  const lines = { csv: `'${name}\n`, 'csv-raw': `${name}\n` }
  for (const [format, line] of Object.entries(lines)) {
    const pieces: string[] = []
    const out = new Writable({
      write: (chunk, _encoding, done) => {
        pieces.push(String(chunk))
        done()
      },
    })
    await writeAnswer({ ...recordingIo(undefined).io, out }, format === 'csv' ? 'csv' : 'csv-raw', answer)
    expect(pieces.join('')).toBe(line + line)
  }
})
