import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Incident, incidentsOf } from '../../lib/notify/incident.ts'
import { jsonMessage } from '../../lib/notify/json.ts'
import type { Letter } from '../../lib/notify/letter.ts'
import type { News } from '../../lib/notify/notice.ts'
import { slackMessage } from '../../lib/notify/slack.ts'
import { teamsMessage } from '../../lib/notify/teams.ts'
import { acceptCommand, HASH, NOW, outcome, report } from './night.ts'

const facts = { now: NOW, tokenExpiresAt: null, isPat: true, entities: ['workbooks'], acceptCommand }

const newsOf = (incident: Incident, kind: News['kind'] = 'opened'): News => ({
  id: incident.what,
  kind,
  incident: { ...incident, since: '2026-10-30', run: 'r1' },
  dt: '2026-11-01',
  run: 'r3',
})

const letterOf = (news: readonly News[]): Letter => ({
  site: 'sales',
  owner: 'bi-team@example.com',
  dt: '2026-11-01',
  run: 'r3',
  lastComplete: '2026-10-29',
  news,
})

/** What the guard says of an entity, as an incident. */
const held = (reason: string, entity = 'workbooks'): Incident => {
  const night = report('2026-11-01', {
    outcomes: [outcome(entity, { verdict: 'guarded', candidate: HASH, reason })],
  })
  const [incident] = incidentsOf(night, facts)
  if (incident === undefined) throw new Error('the night is told for nothing')
  return incident
}

const COMMAND = `almanac accept workbooks --sha ${HASH.slice(0, 12)} --site sales`
const textsOf = ({ blocks }: ReturnType<typeof slackMessage>): string[] => blocks.map(({ text }) => text.text)

/** Every text run of a card, in order. */
const runsOf = (message: ReturnType<typeof teamsMessage>): string[] =>
  message.attachments[0].content.body
    .flatMap((item) => (item.type === 'Container' ? item.items : [item]))
    .flatMap(({ inlines }) => inlines.map(({ text }) => text))

describe('one incident', () => {
  const letter = letterOf([newsOf(held('0 rows where there were 900'))])
  const FIRST = 'sales, night of 2026-11-01: workbooks is held: too much of it would be lost'

  test('in Slack: what, what to do first, how, why, since when, who', () => {
    const message = slackMessage(letter)
    expect(message.text).toBe(FIRST)
    const [first, section, last] = textsOf(message)
    expect(first).toBe(`*${FIRST}*`)
    const lines = section?.split('\n') ?? []
    expect(lines[1]).toMatch(/^Do first: Look in Tableau/)
    expect(lines.slice(2)).toEqual([
      `\`\`\`${COMMAND}\`\`\``,
      '0 rows where there were 900 — Since 2026-10-30 (run r1).',
    ])
    expect(last).toBe(
      'Owner: bi-team@\u2060example.com · Last complete day: 2026-10-29 (3 days old) · Run r3',
    )
    expect(message.blocks.every(({ text }) => text.verbatim)).toBe(true)
  })

  test('in Teams: an Adaptive Card 1.4 in the envelope of a workflow', () => {
    const message = teamsMessage(letter)
    expect(message).toMatchObject({
      type: 'message',
      attachments: [
        {
          contentType: 'application/vnd.microsoft.card.adaptive',
          content: { type: 'AdaptiveCard', version: '1.4', fallbackText: FIRST },
        },
      ],
    })
    const runs = runsOf(message)
    expect(runs[0]).toBe(FIRST)
    expect(runs).toContain(COMMAND)
    expect(runs[2]).toMatch(/^Do first: /)
  })

  test('as JSON', () => {
    expect(jsonMessage(letter)).toEqual({
      format: 1,
      headline: FIRST,
      site: 'sales',
      owner: 'bi-team@example.com',
      dt: '2026-11-01',
      run: 'r3',
      lastComplete: '2026-10-29',
      news: [
        {
          kind: 'opened',
          what: 'workbooks:guarded',
          title: 'workbooks is held: too much of it would be lost',
          detail: '0 rows where there were 900 — Since 2026-10-30 (run r1).',
          doFirst: expect.stringMatching(/^Look in Tableau/),
          command: COMMAND,
          since: '2026-10-30',
          dt: '2026-11-01',
          run: 'r3',
        },
      ],
      omitted: 0,
    })
  })
})

test.each([
  ['workbooks:guarded', 'recovered: workbooks is fine again'],
  ['run:unreachable', 'recovered: the night went through again'],
  ['token-expires:7', 'recovered: the personal access token was renewed'],
])('%s that is over', (what, title) => {
  const incident = { what, title: 'it was bad', detail: 'd', doFirst: 'x', command: 'y' }
  const { headline, news } = jsonMessage(letterOf([newsOf(incident, 'recovered')]))
  expect(headline).toBe(`sales, night of 2026-11-01: ${title}`)
  expect(news).toMatchObject([
    { doFirst: null, command: null, detail: 'Since 2026-10-30: it was bad. Over on 2026-11-01 (run r3).' },
  ])
})

test('several: trouble before what is over, the first of it in the first line', () => {
  const all = [newsOf(held('x', 'users'), 'recovered'), newsOf(held('x', 'jobs')), newsOf(held('x', 'views'))]
  const { headline, news } = jsonMessage(letterOf(all))
  expect(headline).toBe('sales, night of 2026-11-01: jobs is held: too much of it would be lost, and 2 more')
  expect(news.map(({ what }) => what)).toEqual(['jobs:guarded', 'views:guarded', 'users:guarded'])
})

test.each([
  ['2026-11-01', 'this night'],
  ['2026-10-31', '1 day old'],
])('a last complete day of %s is %s', (lastComplete, words) => {
  const message = slackMessage({ ...letterOf([newsOf(held('x'))]), lastComplete })
  expect(textsOf(message).at(-1)).toContain(`(${words})`)
})

test('without owner and last day, neither is named', () => {
  const message = slackMessage({ ...letterOf([newsOf(held('x'))]), owner: undefined, lastComplete: null })
  expect(textsOf(message).at(-1)).toBe('Run r3')
})

/** Texts that a workbook's name may hold. */
const HOSTILE = [
  '<!channel> <!here> <@U123> <https://evil.example|click> @channel @here',
  '[click](https://evil.example) **bold** <at>everyone</at>',
  'a\u0000b\u001b[31mc\u202egnp\u2028d\r\n*Do first:* rm -rf',
  '&'.repeat(5_000),
  '\ud800'.repeat(2_000),
  '🦊'.repeat(3_000),
  '"},{"type":"actions"}',
]

/** What Slack and Teams refuse, or would act upon. */
function expectHarmless(letter: Letter): void {
  const slack = slackMessage(letter)
  expect(slack.blocks.length).toBeLessThanOrEqual(50)
  for (const text of [slack.text, ...textsOf(slack)]) {
    expect(text.length).toBeLessThanOrEqual(3_000)
    expect(text).not.toMatch(/[<>]|@(?!\u2060)|&(?!amp;|lt;|gt;)/)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e\u2028]/)
    expect(text.isWellFormed()).toBe(true)
  }
  const teams = teamsMessage(letter)
  expect(Buffer.byteLength(JSON.stringify(teams))).toBeLessThan(28_000)
  expect(JSON.stringify(teams)).not.toContain('"TextBlock"')
  expect(Buffer.byteLength(JSON.stringify(jsonMessage(letter)))).toBeLessThan(210_000)
}

describe('hostile texts', () => {
  test.each(HOSTILE)('number %#', (text) => {
    expectHarmless(letterOf([newsOf(held(text)), newsOf(held(text, 'users'), 'recovered')]))
    expectHarmless({ ...letterOf([newsOf(held(text))]), owner: text })
  })

  test('any text at all', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 1_500 }), (text) =>
        expectHarmless(letterOf([newsOf(held(text))])),
      ),
      { numRuns: 50 },
    )
  })

  test('a command keeps every character that is pasted', () => {
    const command = "almanac accept users --sha c0ffee --warehouse 's3://a@b/<&>'"
    const incident = { ...held('x'), command }
    const [, section] = textsOf(slackMessage(letterOf([newsOf(incident)])))
    const pasted = section?.match(/```(.*)```/)?.[1]
    expect(pasted?.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')).toBe(command)
    expect(runsOf(teamsMessage(letterOf([newsOf(incident)])))).toContain(command)
  })
})

test('ten thousand incidents fit, and what does not is counted', () => {
  const all = Array.from({ length: 10_000 }, (_, i) => newsOf(held('x'.repeat(10), `e${i}`)))
  const letter = letterOf(all)
  expectHarmless(letter)
  const more = (texts: readonly string[]): number => Number(/^… and (\d+) more/.exec(texts.at(-2) ?? '')?.[1])
  const slack = textsOf(slackMessage(letter))
  expect(slack.length - 3 + more(slack)).toBe(10_000)
  const teams = teamsMessage(letter)
  expect(teams.attachments[0].content.body.length - 3 + more(runsOf(teams))).toBe(10_000)
  const json = jsonMessage(letter)
  expect(json.news.length).toBeGreaterThan(100)
  expect(json.news.length + json.omitted).toBe(10_000)
})
