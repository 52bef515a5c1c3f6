import { Writable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { csvRecord } from '../../lib/cli/csv.ts'
import { jsonRow, jsonText } from '../../lib/cli/json.ts'
import { liveBlock } from '../../lib/cli/live.ts'
import { paint } from '../../lib/cli/paint.ts'
import { noted, progressLines, progressOf } from '../../lib/cli/progress.ts'
import { gapsIn, rangesText } from '../../lib/cli/standing.ts'
import { layoutOf, tableHead, tableLine } from '../../lib/cli/table.ts'
import { columnsOf, dayText, instantText } from '../../lib/cli/value.ts'
import { fitted, shown, widthOf } from '../../lib/cli/width.ts'
import type { RunEvent } from '../../lib/core/event.ts'
import { shellWord } from '../../lib/core/shell.ts'

test.each([
  [0n, '1970-01-01T00:00:00Z', '1970-01-01 00:00:00'],
  [1n, '1970-01-01T00:00:00.000001Z', '1970-01-01 00:00:00.000001'],
  [-1n, '1969-12-31T23:59:59.999999Z', '1969-12-31 23:59:59.999999'],
  [-1_000_000n, '1969-12-31T23:59:59Z', '1969-12-31 23:59:59'],
  [1_793_528_430_500_000n, '2026-11-01T10:20:30.500000Z', '2026-11-01 10:20:30.500000'],
])('the instant %s', (micros, iso, sql) => {
  expect([instantText(micros, 'iso'), instantText(micros, 'sql')]).toEqual([iso, sql])
})

test('days before and after 1970', () => {
  expect([-1, 0, 20_758].map(dayText)).toEqual(['1969-12-31', '1970-01-01', '2026-11-01'])
})

test.each([
  [[null], '""\n'],
  [[null, null], ',\n'],
  [['', 'a'], '"",a\n'],
  [['a\r\nb', 'c,d', '"'], '"a\r\nb","c,d",""""\n'],
  [[true, 1n, 1.5, ['x']], 'true,1,1.5,"[""x""]"\n'],
])('CSV record %#', (values, line) => {
  expect(csvRecord(values)).toBe(line)
})

test.each([
  [2n ** 53n - 1n, '9007199254740991'],
  [2n ** 53n, '"9007199254740992"'],
  [-(2n ** 63n), '"-9223372036854775808"'],
  [Number.POSITIVE_INFINITY, '"Infinity"'],
  [{ a: [1n, null] }, '{"a":[1,null]}'],
])('%s as JSON', (value, text) => {
  expect(jsonText(value)).toBe(text)
})

test('a row keeps a column that is named like nothing good', () => {
  expect(jsonRow(['__proto__', 'a"b'], [1, 2])).toBe('{"__proto__":1,"a\\"b":2}')
})

describe('width', () => {
  test.each([
    ['abc', 3],
    ['Café', 4],
    ['Cafe\u0301', 4],
    ['日本語', 6],
    ['한국', 4],
    ['👩‍👩‍👧', 2],
    ['🇩🇪', 2],
    ['ﾊﾝ', 2],
    ['', 0],
  ])('of "%s" is %i', (text, width) => {
    expect(widthOf(text)).toBe(width)
  })

  test.each([
    ['short', 9, 'short'],
    ['too long', 5, 'too …'],
    ['日本語', 4, '日…'],
    ['👩‍👩‍👧👩‍👩‍👧', 3, '👩‍👩‍👧…'],
  ])('"%s" in %i cells', (text, width, expected) => {
    expect(fitted(text, width)).toBe(expected)
    expect(widthOf(fitted(text, width))).toBeLessThanOrEqual(width)
  })

  test('controls and turned writing are shown, not obeyed', () => {
    expect(shown('a\u001b[2Jb\nc\u202ed')).toBe('a\\u001b[2Jb\\nc\\u202ed')
  })
})

describe('a table', () => {
  const columns = columnsOf('name', '#count')
  test('aligns wide characters, and numbers to the right', () => {
    const rows = [
      ['日本', '7'],
      ['x', '1000000'],
    ]
    const layout = layoutOf(columns, rows, undefined)
    expect(tableHead(layout, paint(false), false)).toBe('name    count\n────  ───────\n')
    expect(rows.map((row) => tableLine(layout, row, false))).toEqual(['日本        7', 'x     1000000'])
  })

  test('on a narrow terminal cuts texts and never numbers', () => {
    const rows = [['a very long name indeed', '1234567890']]
    const layout = layoutOf(columns, rows, 20)
    expect(tableLine(layout, rows[0] ?? [], true)).toBe('a very l… 1234567890')
  })
})

test('gaps and ranges of days', () => {
  expect(gapsIn(['2026-02-26', '2026-03-01', '2026-03-02', '2026-03-04'])).toEqual([
    '2026-02-27',
    '2026-02-28',
    '2026-03-03',
  ])
  expect(rangesText(['2026-02-27', '2026-02-28', '2026-03-03'])).toBe('2026-02-27 … 2026-02-28, 2026-03-03')
  expect([gapsIn([]), gapsIn(['2026-03-01']), rangesText([])]).toEqual([[], [], ''])
})

test.each([
  ['./warehouse', './warehouse'],
  ['my warehouse', "'my warehouse'"],
  ["it's", "'it'\\''s'"],
  ['$(rm)', "'$(rm)'"],
])('%s in a shell', (text, word) => {
  expect(shellWord(text)).toBe(word)
})

describe('progress', () => {
  const progressAfter = (...events: readonly (readonly [number, RunEvent])[]) =>
    events.reduce((progress, [now, event]) => noted(progress, event, now), progressOf())
  const started: RunEvent = {
    type: 'run-started',
    site: 's',
    dt: '2026-11-01',
    run: 'r',
    entities: ['users', 'jobs'],
  }
  const page: RunEvent = { type: 'page-read', entity: 'users', rows: 1000, total: 4000, pages: 1 }

  test('tells pages, rows, rate and time left', () => {
    const progress = progressAfter(
      [0, started],
      [0, { type: 'entity-started', entity: 'users' }],
      [500, page],
    )
    expect(progressLines(progress, 2000, paint(false))).toEqual([
      '  users █████░░░░░░░░░░░░░░░ 1 page, 1,000 of 4,000 rows, 500/s, 0:06 left',
      '  jobs ',
    ])
  })

  test('without an announced total tells no time left', () => {
    const progress = progressAfter(
      [0, started],
      [0, { type: 'entity-started', entity: 'users' }],
      [0, { ...page, total: null, pages: 2 }],
    )
    expect(progressLines(progress, 1000, paint(false))[0]).toBe(
      `  users ${' '.repeat(20)} 2 pages, 1,000 rows, 1,000/s`,
    )
  })

  test('ends with what it came to', () => {
    const outcome = {
      expected: null,
      fetched: null,
      duplicates: 0,
      new: null,
      changed: null,
      gone: null,
      calls: 0,
      retries: 0,
      milliseconds: 0,
      candidate: null,
      already: false,
      reason: null,
    }
    const progress = progressAfter(
      [0, started],
      [0, { type: 'extracted', entity: 'users', rows: 4000, milliseconds: 1 }],
      [0, { type: 'entity-ended', outcome: { ...outcome, entity: 'users', verdict: 'complete' } }],
      [0, { type: 'entity-ended', outcome: { ...outcome, entity: 'jobs', verdict: 'forbidden' } }],
    )
    expect(progressLines(progress, 0, paint(false))).toEqual(['✓ users 4,000 rows', '! jobs  forbidden'])
  })
})

test('a live block is drawn over itself, below what lasts, and leaves nothing behind', () => {
  const pieces: string[] = []
  const stream = new Writable({
    write: (chunk, _, done) => {
      pieces.push(String(chunk))
      done()
    },
  })
  const block = liveBlock(stream, 10)
  block.draw(['one', 'a line too long for it'])
  block.above('lasting')
  block.draw(['two'])
  block.clear()
  block.clear()
  expect(pieces).toEqual([
    '\r\u001b[0Jone\na line t…\u001b[0m\n',
    '\u001b[2A\r\u001b[0Jlasting\none\na line t…\u001b[0m\n',
    '\u001b[2A\r\u001b[0Jtwo\n',
    '\u001b[1A\r\u001b[0J',
  ])
})
