import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cast, isNotOf } from '../../lib/core/cast.ts'

type Type = Parameters<typeof cast>[0]

const micros = (iso: string, more = 0n): bigint => BigInt(Date.parse(iso)) * 1000n + more

const GOOD: readonly (readonly [Type, string, ReturnType<typeof cast>])[] = [
  ['text', '', ''],
  ['text', ' two  spaces\n', ' two  spaces\n'],
  ['text', 'lone \ud800 surrogate', 'lone \ufffd surrogate'],
  ['text', '\u{1f469}\u200d\u{1f680} e\u0301', '\u{1f469}\u200d\u{1f680} e\u0301'],
  ['integer', '0', 0n],
  ['integer', '-007', -7n],
  ['integer', '+1', 1n],
  ['integer', '9007199254740993', 9007199254740993n],
  ['integer', '9223372036854775807', 2n ** 63n - 1n],
  ['integer', '-9223372036854775808', -(2n ** 63n)],
  ['double', '1e5', 100_000],
  ['double', '-.5', -0.5],
  ['double', '5.', 5],
  ['boolean', 'true', true],
  ['boolean', 'TRUE', true],
  ['boolean', 'False', false],
  ['timestamp', '', null],
  ['timestamp', '2026-11-24T22:00:00Z', micros('2026-11-24T22:00:00Z')],
  ['timestamp', '2026-11-24T22:00:00', micros('2026-11-24T22:00:00Z')],
  ['timestamp', '2026-11-24T22:00Z', micros('2026-11-24T22:00:00Z')],
  ['timestamp', '2026-11-24T22:00:00+02:00', micros('2026-11-24T20:00:00Z')],
  ['timestamp', '2026-11-24T22:00:00-0330', micros('2026-11-25T01:30:00Z')],
  ['timestamp', '2026-11-24T22:00:00.1Z', micros('2026-11-24T22:00:00Z', 100_000n)],
  ['timestamp', '2026-11-24T22:00:00.123456789Z', micros('2026-11-24T22:00:00Z', 123_456n)],
  ['timestamp', '1969-12-31T23:59:59.999999Z', -1n],
  ['timestamp', '0001-01-01T00:00:00Z', micros('0001-01-01T00:00:00Z')],
  ['timestamp', '9999-12-31T23:59:59Z', micros('9999-12-31T23:59:59Z')],
  ['timestamp', '2024-02-29T00:00:00Z', micros('2024-02-29T00:00:00Z')],
  ['date', '', null],
  ['date', '1970-01-01', 0],
  ['date', '1969-12-31', -1],
  ['date', '0099-03-01', Date.parse('0099-03-01T00:00:00Z') / 86_400_000],
]

const BAD: readonly (readonly [Type, readonly string[]])[] = [
  [
    'integer',
    ['', '1.0', '1e3', ' 1', '0x10', '9223372036854775808', '-9223372036854775809', 'one', '1_000', '--1'],
  ],
  ['double', ['', '.', 'NaN', 'Infinity', '-Infinity', '1e999', '1,5', '0x1p3', '1e', ' 1']],
  ['boolean', ['', '1', '0', 'yes', 'true ', 'wahr', 't']],
  [
    'timestamp',
    [
      '2016-06-31T00:00:00Z',
      '2023-02-29T00:00:00Z',
      '2026-13-01T00:00:00Z',
      '2026-11-24',
      '2026-11-24 22:00:00',
      '2026-11-24T24:00:00Z',
      '2026-11-24T10:00:00+99:99',
      '2026-11-24T10:00:00+19:00',
      '2026-11-24T22:60:00Z',
      '0000-01-01T00:00:00Z',
      '11/02/2002T10:00:00Z',
      '02 Nov 202T10:00:02Z',
      '26-11-24T22:00:00Z',
      '2026-11-24T22:00:00.Z',
      '2026-11-24T22:00:00+2',
      '1763935200',
    ],
  ],
  ['date', ['2016-06-31', '2026-1-1', '20261124', '2026-11-24T00:00:00Z', '0000-01-01']],
]

describe('a cast', () => {
  test.each(GOOD)('takes %s %j', (type, raw, value) => {
    expect(cast(type, raw)).toEqual(value)
  })

  test.each(BAD.flatMap(([type, raws]) => raws.map((raw) => [type, raw] as const)))(
    'refuses %s %j',
    (type, raw) => {
      expect(cast(type, raw)).toEqual({ notOf: type })
    },
  )

  test('any 64-bit integer is exact, any other is refused', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }), (value) => {
        const inside = value >= -(2n ** 63n) && value < 2n ** 63n
        expect(cast('integer', String(value))).toEqual(inside ? value : { notOf: 'integer' })
      }),
    )
  })

  test('any instant of any zone is the same instant', () => {
    const instants = fc.integer({
      min: Date.parse('0002-01-01T00:00:00Z'),
      max: Date.parse('9998-12-31T00:00:00Z'),
    })
    fc.assert(
      fc.property(instants, fc.integer({ min: -14 * 60, max: 14 * 60 }), (ms, offset) => {
        const local = new Date(ms + offset * 60_000).toISOString().slice(0, -1)
        const zone = `${offset < 0 ? '-' : '+'}${String(Math.floor(Math.abs(offset) / 60)).padStart(2, '0')}:${String(Math.abs(offset) % 60).padStart(2, '0')}`
        expect(cast('timestamp', `${local}${zone}`)).toBe(BigInt(ms) * 1000n)
      }),
    )
  })

  test('any text becomes well-formed and otherwise stays', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (raw) => {
        const value = cast('text', raw)
        expect(isNotOf(value)).toBe(false)
        expect(value).toBe(Buffer.from(raw, 'utf8').toString('utf8'))
      }),
    )
  })
})
