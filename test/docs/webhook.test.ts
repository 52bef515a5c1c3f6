import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import type { NotifyTarget } from '../../lib/config/configuration.ts'
import { ERRORS } from '../../lib/core/errors.ts'
import { acceptCommand } from '../../lib/core/shell.ts'
import { VERDICTS } from '../../lib/core/verdict.ts'
import { holdReason } from '../../lib/load/guard.ts'
import { incidentsOf, isTelling, type NightFacts } from '../../lib/notify/incident.ts'
import { type JsonMessage, jsonMessage } from '../../lib/notify/json.ts'
import type { Letter } from '../../lib/notify/letter.ts'
import { type NotifyInput, notify } from '../../lib/notify/notify.ts'
import { slackMessage } from '../../lib/notify/slack.ts'
import { teamsMessage } from '../../lib/notify/teams.ts'
import { testMessages } from '../../lib/notify/test-message.ts'
import { failed, HASH, inbox, NOW, newsIn, outcome, portsOf, report, target } from '../notify/night.ts'
import { ROOT } from '../package/sources.ts'

const PATH = join(ROOT, 'docs/webhook.md')
const BLOCK = /^```json\n([\s\S]*?)^```$/gm
const DAY_MS = 86_400_000
/** With it the examples are written into the page instead of being held against it. */
const isRecording = process.env['ALMANAC_RECORD'] === 'webhook'

const read = (): string => readFileSync(PATH, 'utf8')
/** The first cells of the table whose first column has this name, without their backticks. */
function column(name: string): readonly string[] {
  const [, table = ''] = read().split(`\n| ${name} |`)
  const [rows = ''] = table.split('\n\n')
  return [...rows.matchAll(/^\| `([^`]+)` \|/gm)].map(([, cell = '']) => cell)
}

const gone = holdReason({ before: 412, after: 96, deletions: 320, lostColumns: [] })
const held = outcome('workbooks', { verdict: 'guarded', candidate: HASH, reason: gone })
const site = { slug: 'marketing', owner: 'BI platform', timeZone: 'UTC' }
const inputOf = (night: Pick<NotifyInput, 'report' | 'lastComplete'>): NotifyInput => ({
  ...night,
  isPat: true,
  entities: ['workbooks'],
  site,
  tokenExpiresAt: null,
  targets: (['json', 'slack', 'teams'] as const).map((kind) => target(kind)),
  acceptCommand: (entity: string, candidate: string) =>
    acceptCommand({ entity, candidate, site: site.slug }, { config: '/etc/almanac/almanac.config.json' }),
})

/** What the three webhooks are sent in a night with held workbooks, and the program's when they are there again. */
async function examples(): Promise<readonly unknown[]> {
  const sent = new Map<NotifyTarget['kind'], unknown[]>([
    ['json', []],
    ['slack', []],
    ['teams', []],
  ])
  const ports = portsOf(memoryStore(), inbox(), {
    post: async (url, body) => {
      for (const [kind, bodies] of sent)
        if (url.reveal().endsWith(`for-${kind.toUpperCase()}_HOOK`)) bodies.push(JSON.parse(body))
      return { status: 200 }
    },
  })
  const [bad, good] = [
    report('2026-11-01', { site: site.slug, run: '20261101T011500Z-4b1c9e', outcomes: [held] }),
    report('2026-11-02', {
      site: site.slug,
      run: '20261102T011500Z-90d2f7',
      outcomes: [outcome('workbooks')],
    }),
  ]
  await notify(inputOf({ report: bad, lastComplete: '2026-10-31' }), ports)
  await notify(inputOf({ report: good }), ports)
  const [opened, over] = sent.get('json') ?? []
  return [opened, over, sent.get('slack')?.[0], sent.get('teams')?.[0]]
}

describe('the examples', () => {
  test('are what the webhooks are sent', async () => {
    const messages = await examples()
    if (isRecording) {
      let i = 0
      const text = read().replaceAll(
        BLOCK,
        () => `\`\`\`json\n${JSON.stringify(messages[i++], null, 2)}\n\`\`\``,
      )
      writeFileSync(PATH, text)
    }
    expect([...read().matchAll(BLOCK)].map(([, text = '']) => JSON.parse(text))).toEqual(messages)
  })

  test('the table has every field of the JSON form, in its order, and no other', async () => {
    const [message] = (await examples()) as readonly [JsonMessage] // the first is of the JSON form
    const fields = Object.entries(message).flatMap(([name]) =>
      name === 'news'
        ? ['news', ...Object.keys(message.news[0] ?? {}).map((each) => `news[].${each}`)]
        : [name],
    )
    expect(column('field')).toEqual(fields)
  })
})

describe('the incidents', () => {
  const facts: NightFacts = {
    now: NOW,
    tokenExpiresAt: null,
    isPat: true,
    entities: ['ENTITY'],
    acceptCommand: () => 'almanac accept',
  }
  const whatsOf = (more: Parameters<typeof report>[1], moreFacts: Partial<NightFacts> = {}) =>
    incidentsOf(report('2026-11-01', more), { ...facts, ...moreFacts }).map(({ what }) => what)

  test('are those that a night can have', () => {
    const run = whatsOf({ failure: { code: 'CODE', message: 'm', next: 'n' } })
    const entities = VERDICTS.flatMap((verdict) => whatsOf({ outcomes: [outcome('ENTITY', { verdict })] }))
    const token = Array.from({ length: 60 }, (_, days) =>
      whatsOf({}, { tokenExpiresAt: NOW + days * DAY_MS }),
    )
    const all = [...run, ...entities, ...token.flat()]
    expect([...new Set(column('`what`'))].sort()).toEqual([...new Set(all)].sort())
  })

  test.each([30, 7])('a token is told %s days before its end, and not earlier', (days) => {
    const at = (left: number) => whatsOf({}, { tokenExpiresAt: NOW + left * DAY_MS })
    expect(at(days)).toEqual([`token-expires:${days}`])
    expect(at(days + 0.01)).not.toEqual([`token-expires:${days}`])
    expect(read()).toContain(`in ${days} days or less`)
  })

  test('are of every code but the one that the page leaves out', () => {
    const silent = Object.keys(ERRORS).filter((code) => !isTelling(failed('2026-11-01', code), NOW))
    expect(silent).toEqual(['wrong-day'])
    expect(read()).toContain('(`wrong-day`)')
  })

  test('a test has the kind and the name that the page says', async () => {
    const box = inbox()
    const subject = { site: 'marketing', owner: undefined, dt: '2026-11-01', run: 'r' }
    await testMessages([target('json')], subject, portsOf(null, box))
    expect(newsIn(box)).toEqual(['test test:test'])
    expect(read()).toMatch(/`opened`, `recovered`, or `test`.*\n.*`test:test` in a test/)
  })
})

describe('the lengths', () => {
  const [, slack = 0, slackNews = 0, teams = 0, json = 0] =
    /Slack is sent (\d+) pieces of news and (\d+) KB .* Teams message holds (\d+) KB, a JSON message (\d+) KB/
      .exec(read())
      ?.map(Number) ?? []
  const letterOf = (count: number, detail: string): Letter => {
    const incident = { what: 'users:incomplete', title: 't', detail, doFirst: 'd', command: null }
    const news = Array.from({ length: count }, (_, i) => ({
      id: `${i}`,
      kind: 'opened' as const,
      incident: { ...incident, since: '2026-11-01', run: 'r' },
      dt: '2026-11-01',
      run: 'r',
    }))
    return { site: 'marketing', owner: 'BI', dt: '2026-11-01', run: 'r', lastComplete: null, news }
  }
  const bytesOf = (message: unknown): number => Buffer.byteLength(JSON.stringify(message))

  test('Slack', () => {
    // Beside the news: the first line, what was left out, the last line.
    expect(slackMessage(letterOf(100, '')).blocks).toHaveLength(slack + 3)
    const long = bytesOf(slackMessage(letterOf(100, 'x'.repeat(500))).blocks.slice(1, -2))
    expect(long).toBeLessThanOrEqual(slackNews * 1000)
    expect(long).toBeGreaterThan(slackNews * 900)
  })
  test('Teams', () => {
    const bytes = bytesOf(teamsMessage(letterOf(1000, 'x'.repeat(100))))
    expect(bytes).toBeLessThan(teams * 1024)
    expect(bytes).toBeGreaterThan((teams * 1024) / 2)
  })
  test('JSON', () => {
    const message = jsonMessage(letterOf(1000, 'x'.repeat(500)))
    expect(message.omitted).toBe(1000 - message.news.length)
    expect(bytesOf(message.news)).toBeLessThanOrEqual(json * 1000)
    expect(bytesOf(message.news)).toBeGreaterThan(json * 990)
  })
})
