import { describe, expect, test } from 'vitest'
import { changeOf, type Standing } from '../../lib/notify/change.ts'
import type { Incident } from '../../lib/notify/incident.ts'
import { subjectOf } from '../../lib/notify/incident.ts'

const incident = (what: string): Incident => ({ what, title: what, detail: '', doFirst: '', command: null })

/** A night in short: its day, its incidents, the subjects it speaks of besides theirs. */
type Short = readonly [
  dt: string,
  whats: readonly string[],
  subjects: readonly string[],
  told: readonly string[],
]

const NOTHING: Standing = { dt: null, open: [] }
const ALL = ['run', 'users', 'workbooks', 'token-expires']

describe('from night to night', () => {
  test.each<[string, readonly Short[]]>([
    [
      'fine, failed, failed, failed otherwise, fine',
      [
        ['2026-11-01', [], ALL, []],
        ['2026-11-02', ['run:unreachable'], ['run'], ['+run:unreachable']],
        ['2026-11-03', ['run:unreachable'], ['run'], []],
        ['2026-11-04', ['run:sign-in-refused'], ['run'], ['+run:sign-in-refused']],
        ['2026-11-05', [], ALL, ['-run:sign-in-refused']],
        ['2026-11-06', [], ALL, []],
      ],
    ],
    [
      'held, accepted the same day',
      [
        ['2026-11-01', ['users:guarded'], ALL, ['+users:guarded']],
        ['2026-11-01', [], ALL, ['-users:guarded']],
      ],
    ],
    [
      'incomplete, then held, then incomplete again',
      [
        ['2026-11-01', ['users:incomplete'], ALL, ['+users:incomplete']],
        ['2026-11-02', ['users:guarded'], ALL, ['+users:guarded']],
        ['2026-11-03', ['users:incomplete'], ALL, ['+users:incomplete']],
        ['2026-11-04', [], ALL, ['-users:incomplete']],
      ],
    ],
    [
      'a run of some entities says nothing of the others',
      [
        [
          '2026-11-01',
          ['users:forbidden', 'workbooks:incomplete'],
          ALL,
          ['+users:forbidden', '+workbooks:incomplete'],
        ],
        ['2026-11-02', [], ['run', 'workbooks'], ['-workbooks:incomplete']],
        ['2026-11-03', [], ALL, ['-users:forbidden']],
      ],
    ],
    [
      'a run that failed says nothing of what it did not reach',
      [
        ['2026-11-01', ['users:forbidden'], ALL, ['+users:forbidden']],
        ['2026-11-02', ['run:unreachable'], ['run'], ['+run:unreachable']],
        ['2026-11-03', ['users:forbidden'], ALL, ['-run:unreachable']],
      ],
    ],
    [
      'an older day changes nothing',
      [
        ['2026-11-02', ['users:incomplete'], ALL, ['+users:incomplete']],
        ['2026-11-01', [], ALL, []],
        ['2026-11-01', ['run:unreachable'], ALL, []],
        ['2026-11-02', [], ALL, ['-users:incomplete']],
      ],
    ],
    [
      'a token that is replaced at last',
      [
        ['2026-11-01', ['token-expires:30'], ALL, ['+token-expires:30']],
        ['2026-11-02', ['token-expires:30'], ALL, []],
        ['2026-11-03', ['token-expires:7'], ALL, ['+token-expires:7']],
        ['2026-11-04', ['run:sign-in-refused'], ['run'], ['+run:sign-in-refused']],
        ['2026-11-05', [], ALL, ['-run:sign-in-refused', '-token-expires:7']],
      ],
    ],
  ])('%s', (_, nights) => {
    let standing = NOTHING
    for (const [dt, whats, subjects, told] of nights) {
      const known = new Set([...subjects, ...whats.map(subjectOf)])
      const change = changeOf(standing, { dt, run: 'r', incidents: whats.map(incident), subjects: known })
      const short = [
        ...change.opened.map(({ what }) => `+${what}`),
        ...change.recovered.map(({ what }) => `-${what}`),
      ].sort()
      expect(short, dt).toEqual([...told].sort())
      standing = change
    }
  })

  test('remembers since when, and by which run', () => {
    const night = (dt: string) => ({
      dt,
      run: dt,
      incidents: [incident('run:unreachable')],
      subjects: new Set(['run']),
    })
    const second = changeOf(changeOf(NOTHING, night('2026-11-01')), night('2026-11-02'))
    expect(second.open).toMatchObject([{ since: '2026-11-01', run: '2026-11-01' }])
    expect(second.dt).toBe('2026-11-02')
  })
})
