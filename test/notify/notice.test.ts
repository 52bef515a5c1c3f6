import { expect, test } from 'vitest'
import { afterNight, claimed, type News, NO_NOTICE, type Notice, settled } from '../../lib/notify/notice.ts'

const incident = {
  what: 'run:unreachable',
  title: 't',
  detail: '',
  doFirst: '',
  command: null,
  since: '2026-11-01',
  run: 'r',
}
const news = (id: string): News => ({ id, kind: 'opened', incident, dt: '2026-11-01', run: 'r' })
const MINUTE = 60_000

const owing = (...ids: string[]): Notice => ({
  ...NO_NOTICE,
  mailboxes: { a: { owed: ids.map(news), claim: null }, b: { owed: [], claim: null } },
})
const mailbox = ({ mailboxes }: Notice) => ({
  owed: mailboxes['a']?.owed.map(({ id }) => id),
  claim: mailboxes['a']?.claim?.id ?? null,
})

test('a claim is for what is owed, and holds until it is given back', () => {
  const first = claimed(owing('1'), ['a', 'b', 'unknown'], { id: 'one', at: 0 })
  expect(first.batches).toEqual([{ target: 'a', news: [news('1')] }])
  expect(claimed(first.notice, ['a'], { id: 'two', at: MINUTE }).batches).toEqual([])
  const [batch] = first.batches
  if (batch === undefined) throw new Error('nothing was claimed')
  expect(mailbox(settled(first.notice, 'one', [{ ...batch, problem: null }]))).toEqual({
    owed: [],
    claim: null,
  })
  expect(mailbox(settled(first.notice, 'one', [{ ...batch, problem: 'x' }]))).toEqual({
    owed: ['1'],
    claim: null,
  })
})

test('who comes back late takes out what it sent, and leaves the claim of who took over', () => {
  const first = claimed(owing('1'), ['a'], { id: 'one', at: 0 })
  const second = claimed(first.notice, ['a'], { id: 'two', at: 10 * MINUTE })
  expect(second.batches).toEqual(first.batches)
  const late = first.batches.map((batch) => ({ ...batch, problem: null }))
  expect(mailbox(settled(second.notice, 'one', late))).toEqual({ owed: [], claim: 'two' })
})

test('what came while something was sent is still owed', () => {
  const { notice, batches } = claimed(owing('1'), ['a'], { id: 'one', at: 0 })
  const more = { ...notice, mailboxes: { a: { owed: [news('1'), news('2')], claim: { id: 'one', at: 0 } } } }
  const after = settled(
    more,
    'one',
    batches.map((batch) => ({ ...batch, problem: null })),
  )
  expect(mailbox(after)).toEqual({ owed: ['2'], claim: null })
})

test('a target that was taken out of the configuration meanwhile stays out', () => {
  const { notice, batches } = claimed(owing('1'), ['a'], { id: 'one', at: 0 })
  const without = afterNight(notice, null, ['b'], () => 'x')
  expect(
    settled(
      without,
      'one',
      batches.map((batch) => ({ ...batch, problem: null })),
    ).mailboxes,
  ).toEqual({
    b: { owed: [], claim: null },
  })
})
