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
const ENTITIES = ['users', 'workbooks']
const ALL = ['run', ...ENTITIES, 'token-expires']

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
      'a night in two runs fails and recovers, and fails again',
      [
        ['2026-11-01', ['run:unreachable'], ['users'], ['+run:unreachable']],
        ['2026-11-01', ['run:unreachable'], ['workbooks'], []],
        ['2026-11-02', [], ['users'], []],
        ['2026-11-02', [], ['workbooks'], ['-run:unreachable']],
        ['2026-11-03', ['run:unreachable'], ['users'], ['+run:unreachable']],
      ],
    ],
    [
      'a run of some fails, and the same goes through',
      [
        ['2026-11-01', ['run:unreachable'], ['users'], ['+run:unreachable']],
        ['2026-11-02', [], ['workbooks'], []],
        ['2026-11-03', [], ['users'], ['-run:unreachable']],
      ],
    ],
    [
      'a whole night fails, and again in a part of it after another part went through',
      [
        ['2026-11-01', ['run:unreachable'], [], ['+run:unreachable']],
        ['2026-11-02', [], ['users'], []],
        ['2026-11-03', ['run:sign-in-refused'], ['workbooks'], ['+run:sign-in-refused']],
        ['2026-11-04', [], ['users'], []],
        ['2026-11-05', [], ['users', 'workbooks'], ['-run:sign-in-refused']],
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
      const incidents = whats.map(incident)
      // A run that says nothing of any entity was asked for all of them, and reached none.
      const named = ENTITIES.filter((name) => known.has(name))
      const asked = named.length === 0 ? ENTITIES : named
      const night = {
        dt,
        run: 'r',
        incidents,
        asked,
        subjects: known,
        kept: new Set(ALL),
        today: '2026-11-30',
      }
      const change = changeOf(standing, night)
      const short = [
        ...change.opened.map(({ what }) => `+${what}`),
        ...change.recovered.map(({ what }) => `-${what}`),
      ].sort()
      expect(short, dt).toEqual([...told].sort())
      standing = change
    }
  })

  test('forgets what is configured no more, and says nothing of it', () => {
    const night = {
      dt: '2026-11-01',
      run: 'r',
      asked: ENTITIES,
      subjects: new Set(ALL),
      kept: new Set(ALL),
      today: '2026-11-01',
    }
    const whats = ['run:unreachable', 'users:forbidden', 'token-expires:7']
    const before = changeOf(NOTHING, { ...night, incidents: whats.map(incident) })
    const kept = new Set(['run', 'workbooks'])
    const after = changeOf(before, {
      ...night,
      incidents: [],
      asked: [],
      subjects: new Set(['workbooks']),
      kept,
    })
    expect(after).toMatchObject({ opened: [], recovered: [], open: [{ what: 'run:unreachable' }] })
    expect(changeOf(after, { ...night, incidents: [incident('users:forbidden')] }).opened).toHaveLength(1)
  })

  test('takes no day to come for the newest, not even one that was', () => {
    const all = { asked: ENTITIES, subjects: new Set(ALL), kept: new Set(ALL) }
    const night = { ...all, run: 'r', incidents: [], today: '2026-11-01' }
    const early = changeOf(NOTHING, { ...night, dt: '2026-11-02', incidents: [incident('run:unreachable')] })
    expect(early).toMatchObject({ dt: '2026-11-01', opened: [{ since: '2026-11-02' }] })
    const tonight = { ...night, dt: '2026-11-01' }
    expect(changeOf(early, tonight).recovered).toHaveLength(1)
    expect(changeOf({ ...early, dt: '2026-12-24' }, tonight)).toMatchObject({
      dt: '2026-11-01',
      recovered: [{ what: 'run:unreachable' }],
    })
  })

  test('remembers since when, and by which run', () => {
    const night = (dt: string) => ({
      dt,
      run: dt,
      incidents: [incident('run:unreachable')],
      asked: ENTITIES,
      subjects: new Set<string>(),
      kept: new Set(ALL),
      today: '2026-11-30',
    })
    const second = changeOf(changeOf(NOTHING, night('2026-11-01')), night('2026-11-02'))
    expect(second.open).toMatchObject([{ since: '2026-11-01', run: '2026-11-01' }])
    expect(second.dt).toBe('2026-11-02')
  })
})
