import { describe, expect, test } from 'vitest'
import { lastInstantOf } from '../../lib/core/day.ts'
import { AlmanacError, ERRORS } from '../../lib/core/errors.ts'
import type { RunReport } from '../../lib/core/report.ts'
import { cleaned } from '../../lib/notify/clean.ts'
import { failedNight } from '../../lib/notify/failed-night.ts'
import { incidentsOf, isTelling, keptOf, subjectsOf } from '../../lib/notify/incident.ts'
import { acceptCommand, failure, HASH, NOW, outcome, report } from './night.ts'

const DAY_MS = 86_400_000
const facts = (tokenExpiresAt: number | null = null) => ({
  now: NOW,
  tokenExpiresAt,
  isPat: true,
  entities: ['users'],
  acceptCommand,
})
const whats = (night: RunReport, expires: number | null = null): string[] =>
  incidentsOf(night, facts(expires)).map(({ what }) => what)

describe('what a night is told for', () => {
  test.each<[string, Partial<RunReport>, string[], string[]]>([
    ['all complete', { outcomes: [outcome('users')] }, [], ['users']],
    ['unsupported', { outcomes: [outcome('users', { verdict: 'unsupported', reason: 'old' })] }, [], []],
    [
      'incomplete',
      { outcomes: [outcome('users', { verdict: 'incomplete', reason: 'x' })] },
      ['users:incomplete'],
      ['users'],
    ],
    [
      'forbidden',
      { outcomes: [outcome('users', { verdict: 'forbidden', reason: 'x' })] },
      ['users:forbidden'],
      ['users'],
    ],
    [
      'guarded',
      { outcomes: [outcome('users', { verdict: 'guarded', candidate: HASH })] },
      ['users:guarded'],
      ['users'],
    ],
    [
      'failed before it read anything',
      {
        failure: failure('unreachable'),
        outcomes: ['users', 'jobs'].map((name) =>
          outcome(name, { verdict: 'incomplete', reason: 'unreachable happened' }),
        ),
      },
      ['run:unreachable'],
      [],
    ],
    [
      'failed when one entity was read already',
      {
        failure: failure('session-lost'),
        outcomes: [
          outcome('users', { verdict: 'forbidden', reason: 'no' }),
          outcome('jobs', { verdict: 'incomplete', reason: 'session-lost happened' }),
          outcome('views', { verdict: 'incomplete', reason: 'not read in this run' }),
          outcome('groups', { already: true }),
        ],
      },
      ['run:session-lost', 'users:forbidden'],
      ['users', 'groups'],
    ],
    ['some of several', { outcomes: [outcome('jobs')] }, [], ['jobs']],
    ['there already', { outcomes: [outcome('users', { already: true })] }, [], ['users']],
    [
      'failed, of some',
      {
        failure: failure('unreachable'),
        outcomes: [outcome('jobs', { verdict: 'incomplete', reason: 'not read in this run' })],
      },
      ['run:unreachable'],
      [],
    ],
    [
      'not read, though nothing failed',
      { outcomes: [outcome('users', { verdict: 'incomplete', reason: 'not read in this run' })] },
      ['users:incomplete'],
      ['users'],
    ],
  ])('%s', (_, night, expected, subjects) => {
    expect(whats(report('2026-11-01', night))).toEqual(expected)
    expect([...subjectsOf(report('2026-11-01', night), facts())]).toEqual(subjects)
  })

  test.each<[string, number | null, string[], boolean]>([
    ['unknown', null, [], false],
    ['no date', Number.NaN, [], false],
    ['31 days', NOW + 31 * DAY_MS, [], true],
    ['30 days', NOW + 30 * DAY_MS, ['token-expires:30'], true],
    ['just above 7 days', NOW + 7 * DAY_MS + 1, ['token-expires:30'], true],
    ['7 days', NOW + 7 * DAY_MS, ['token-expires:7'], true],
    ['past', NOW - 1, ['token-expires:7'], true],
  ])('a token with %s', (_, expires, expected, isKnown) => {
    expect(whats(report('2026-11-01'), expires)).toEqual(expected)
    expect(subjectsOf(report('2026-11-01'), facts(expires)).has('token-expires')).toBe(isKnown)
  })

  test.each<[string, number, string, string]>([
    ['is past', NOW - 1, 'has expired', '2026-11-01'],
    ['is this very moment', NOW, 'expires today', '2026-11-01'],
    ['is today', lastInstantOf('2026-11-01'), 'expires today', '2026-11-01'],
    ['is tomorrow', NOW + DAY_MS / 2, 'expires in 1 day', '2026-11-02'],
    ['is tomorrow’s last', lastInstantOf('2026-11-02'), 'expires in 1 day', '2026-11-02'],
    ['is in days', lastInstantOf('2026-11-05'), 'expires in 4 days', '2026-11-05'],
  ])('a token whose end %s', (_, end, says, day) => {
    expect(incidentsOf(report('2026-11-01'), facts(end))).toMatchObject([
      {
        title: `the personal access token ${says}`,
        detail: expect.stringContaining(`Its last day is ${day} (UTC)`),
      },
    ])
  })

  test.each<[string, boolean, number | null, string[]]>([
    ['by a token', true, null, ['run', 'users', 'jobs', 'token-expires']],
    ['otherwise', false, null, ['run', 'users', 'jobs']],
    ['otherwise, though an end is known', false, NOW, ['run', 'users', 'jobs', 'token-expires']],
  ])('with a sign-in %s these can have incidents', (_, isPat, expires, kept) => {
    const night = report('2026-11-01', { outcomes: [outcome('users'), outcome('jobs')] })
    expect([...keptOf(night, { ...facts(expires), isPat })]).toEqual(kept)
  })

  test('says what to do first: the error’s own next step, taken out of the reason', () => {
    const reason = `1,003 announced, 1,002 read (${ERRORS['server-error'].next})`
    const night = report('2026-11-01', {
      outcomes: [
        outcome('users', { verdict: 'incomplete', reason }),
        outcome('jobs', { verdict: 'incomplete', reason: 'odd (Do that.)' }),
      ],
    })
    expect(incidentsOf(night, facts())).toMatchObject([
      {
        title: 'users is incomplete',
        detail: '1,003 announced, 1,002 read',
        doFirst: ERRORS['server-error'].next,
      },
      { detail: 'odd (Do that.)', doFirst: ERRORS.incomplete.next },
    ])
  })

  test.each([
    [HASH, `almanac accept users --sha ${HASH.slice(0, 12)} --site sales`],
    ['', null],
    [null, null],
  ])('what is held comes with the command that accepts %j', (candidate, command) => {
    const night = report('2026-11-01', { outcomes: [outcome('users', { verdict: 'guarded', candidate })] })
    expect(incidentsOf(night, facts())[0]?.command).toBe(command)
  })

  test('a command too long to be shown whole is left out', () => {
    const night = report('2026-11-01', {
      outcomes: [outcome('users', { verdict: 'guarded', candidate: HASH })],
    })
    expect(incidentsOf(night, { ...facts(), acceptCommand: () => 'x'.repeat(601) })[0]?.command).toBeNull()
  })

  test.each<[string, string, RunReport['failure'], boolean]>([
    ['today', '2026-11-01', null, true],
    ['a day in Kiribati, and one more', '2026-11-03', null, true],
    ['a day to come', '2026-11-04', null, false],
    ['the wrong day', '2026-11-01', failure('wrong-day'), false],
  ])('%s', (_, dt, failed, is) => {
    expect(isTelling(report(dt, { failure: failed }), NOW)).toBe(is)
  })

  test('an error before the report is a failed night', () => {
    const night = failedNight(
      { site: 'sales', dt: '2026-11-01', run: 'r', at: NOW },
      new AlmanacError('secret-missing', 'X is not set'),
    )
    expect(incidentsOf(night, facts())).toMatchObject([
      { what: 'run:secret-missing', detail: 'X is not set', doFirst: ERRORS['secret-missing'].next },
    ])
  })
})

describe('a text that leaves the house', () => {
  test.each([
    ['two\nlines\u0000and\u2028three', 'two lines and three'],
    ['a\u202egnp.exe\u200b\ufeff', 'agnp.exe'],
    ['token HvZMqFFfQQmOM4LAZNIQAA|5fI6T54OPK1Gn1p4w0RtHv6EkojWRTwq', 'token [hidden]'],
    [
      'GET https://tableau-prod-2.example:8443/api/3.29/sites/9a8b7c6d-5e4f-3a2b-1c0d-9e8f7a6b5c4d/users?pageSize=1: HTTP 500',
      'GET https://tableau-prod-2.example:8443/api/3.29/sites/9a8b7c6d-5e4f-3a2b-1c0d-9e8f7a6b5c4d/users?pageSize=1: HTTP 500',
    ],
    [
      'https://host.example/in/qlE1g9MMh9vbrjjgZhbZrA?x=0123456789abcdef0',
      'https://host.example/in/[hidden]?x=[hidden]',
    ],
    ['https://qlE1g9MMh9vbrjjg:rZTHhPpP2tUW1kfn4tjg8@host.example/', '[hidden]@host.example/'],
    [
      'manifest/entity=users/site=demo/dt=2026-11-24/v0001.json is damaged',
      'manifest/entity=users/site=demo/dt=2026-11-24/v0001.json is damaged',
    ],
    [
      'last_login_and_more, other_long_column_name had values',
      'last_login_and_more, other_long_column_name had values',
    ],
    ['\ud800 alone', '\ufffd alone'],
  ])('%j', (text, expected) => {
    expect(cleaned(text, 500)).toBe(expected)
  })

  test('is cut', () => {
    expect(cleaned('word '.repeat(100), 9)).toBe('word word…')
  })

  test.each(Object.entries(ERRORS))('keeps every word of the next step of %s', (_, { next }) => {
    expect(cleaned(next, 400)).toBe(next)
  })
})
