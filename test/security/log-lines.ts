import { join } from 'node:path'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import { openReporter } from '../../lib/cli/reporter.ts'
import type { EntityOutcome, RunEvent } from '../../lib/core/event.ts'
import { notify } from '../../lib/notify/notify.ts'
import { envelope } from '../../lib/simulator/xml.ts'
import { almanac, environmentOf, type Outcome } from '../cli/terminal.ts'
import { someOf } from '../guarantees/proof.ts'
import { failure, inbox, inputOf, outcome, portsOf, report, target } from '../notify/night.ts'
import { type Attack, attack } from './attack.ts'
import { openBetween } from './between.ts'
import type { HostileSite } from './hostile-site.ts'
import { acts, LOG_TEXTS } from './log-texts.ts'
import { recordingIo } from './recording-io.ts'

const COLUMNS = 100

/** What the program itself writes to a terminal without colours: lines, and the means to draw over its own. */
const OWN = new RegExp(['\\u001b\\[\\d+A', '\\r\\u001b\\[0J', '\\u001b\\[0m', '\\n'].join('|'), 'g')

const onScreen = (what: string, text: string): string | undefined =>
  acts(text.replace(OWN, '')) ? `${what} puts ${JSON.stringify(text.slice(0, 300))} on the screen` : undefined

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Every line is one event as JSON, or a line of an error; none was forged, and no reader finds an end of line within. */
function asLog(what: string, text: string): string | undefined {
  for (const line of text.replace(/\n$/, '').split('\n')) {
    if (acts(line)) return `${what} writes ${JSON.stringify(line)}`
    if (/^(error [a-z-]+: |next: )/.test(line) || line === '') continue
    const event: unknown = JSON.parse(line)
    if (
      !isRecord(event) ||
      typeof event['event'] !== 'string' ||
      typeof event['time'] !== 'string' ||
      'forged' in event
    )
      return `${what} writes ${JSON.stringify(line)}`
  }
  return undefined
}

const asked = (what: string, { out, err }: Outcome, isTerminal: boolean): string | undefined =>
  isTerminal
    ? (onScreen(`${what} (out)`, out) ?? onScreen(`${what} (err)`, err))
    : (onScreen(`${what} (out)`, out) ?? asLog(what, err))

/** Every kind of event with the text wherever one can stand. */
const eventsOf = (text: string): readonly RunEvent[] => [
  { type: 'run-started', site: text, dt: text, run: text, entities: ['users'] },
  { type: 'waiting', what: text },
  { type: 'signed-in', server: text, contentUrl: text, apiVersion: text, siteRole: text },
  { type: 'entity-started', entity: 'users' },
  { type: 'page-read', entity: 'users', rows: 1, total: 2, pages: 1 },
  { type: 'retried', path: text, attempt: 1, waitMs: 1, reason: text },
  { type: 'renewed', reason: text },
  { type: 'read-again', entity: text, pass: 2, reason: text },
  { type: 'published', entity: text, objects: 1 },
  { type: 'entity-ended', outcome: outcome('users', { verdict: 'incomplete', reason: text }) },
  { type: 'warned', entity: text, message: text },
  { type: 'warned', entity: null, message: text },
  { type: 'run-ended', site: text, dt: text, run: text, milliseconds: 1 },
]

/** The reporter of runs, off a terminal one line an event, and on one. */
function byReporter(text: string): string | undefined {
  const events = eventsOf(text)
  const log = recordingIo(undefined)
  const { emit, close } = openReporter({ args: [], options: {}, io: log.io })
  for (const event of events) emit(event)
  close()
  const told = log.err().split('\n').length - 1
  const least = events.length - 1 // Pages are told now and then.
  if (told !== least) return `${least} events are ${told} lines`
  const screen = recordingIo(COLUMNS)
  const live = openReporter({ args: [], options: {}, io: screen.io })
  for (const event of events) live.emit(event)
  live.close()
  return asLog('the reporter', log.err()) ?? onScreen('the reporter', screen.err())
}

/** Commands that repeat what they were given when they refuse it. */
async function byArgument(
  { ask, root }: HostileSite,
  text: string,
  turn: number,
): Promise<string | undefined> {
  const calls: readonly (readonly string[])[] = [
    ['query', '--', `SELECT * FROM "${text}"`],
    ['query', '--', `SELECT CAST('${text.replaceAll("'", "''")}' AS INTEGER)`],
    ['history', 'users', '--', text],
    ['history', '--', text, 'x'],
    ['status', `--site=${text}`],
    ['verify', `--select=${text}`],
    ['nightly', `--date=${text}`],
    ['diff', '--', text, text],
    ['status', `--config=${text}`],
  ]
  for (const call of someOf(calls, 5, turn))
    for (const columns of [undefined, COLUMNS]) {
      const said = asked(call.join(' '), await ask(call, columns), columns !== undefined)
      if (said !== undefined) return said
    }
  return asked('an unknown command', await almanac([text, '--warehouse', root]), true)
}

const XML_MARKS: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
/** Text in XML as a server writes it that leaves controls as they are: some of them XML cannot hold, and some it can. */
const inXml = (text: string): string => text.replace(/[&<>"]/g, (mark) => XML_MARKS[mark] ?? mark)

const LISTS = ['users', 'groups', 'projects', 'workbooks', 'views', 'datasources'] as const

/** Whether XML can hold a text: of the controls below the space, only tabs and line ends. A server that sends others is refused whole. */
const fitsXml = (text: string): boolean => /^[\t\n\r\u0020-\uffff]*$/.test(text)

/** Nights of a server that says such things in its errors, and in values that no row can have. */
async function byServer(
  { simulator, base }: HostileSite,
  texts: readonly string[],
  kind: 'error' | 'value',
): Promise<string | undefined> {
  const textOf = (path: string): string | undefined =>
    texts[LISTS.findIndex((list) => new RegExp(`/${list}\\?`).test(path))]
  const between = await openBetween(simulator.url, (path) => {
    const text = textOf(path)
    if (text === undefined) return undefined
    const list = LISTS.find((each) => path.includes(`/${each}?`)) ?? ''
    const said = inXml(text)
    const body =
      kind === 'error'
        ? `<error code="403004"><summary>${said}</summary><detail>${said}</detail></error>`
        : `<pagination pageNumber="1" pageSize="1000" totalAvailable="2"/><${list}><${list.slice(0, -1)} id="${said}" name="${said}" createdAt="${said}" size="${said}" totalViewCount="${said}"/><${list.slice(0, -1)} id="${said}"/></${list}>`
    return { status: kind === 'error' ? 403 : 200, body: envelope('3.29', body) }
  })
  const root = join(base, 'said')
  const env = { ...environmentOf(simulator), TABLEAU_SERVER_URL: between.url, NO_COLOR: '1' }
  const calls = [
    ['nightly', '--date', simulator.day(), '--select', LISTS.join(',')],
    ['status'],
    ['query', 'SELECT reason FROM run_entities'],
    ['query', 'SELECT reason FROM run_entities', '--output', 'json'],
    ['query', 'SELECT reason FROM run_entities', '--output', 'csv-raw'],
  ]
  try {
    for (const columns of [undefined, COLUMNS])
      for (const [command = '', ...rest] of calls) {
        if (columns === undefined && rest.includes('csv-raw')) continue
        const found = await almanac([command, '--warehouse', root, ...rest], env, columns)
        const said = asked(command, found, columns !== undefined)
        if (said !== undefined) return said
      }
    return undefined
  } finally {
    await between.close()
  }
}

/** Answers with such texts in them, and as names of columns, in every format that a terminal may be shown. */
async function byAnswer({ ask, base }: HostileSite): Promise<readonly string[]> {
  const texts = LOG_TEXTS.filter((text) => !text.includes('\0'))
  const values = texts.map((text) => `('${text.replaceAll("'", "''")}')`).join(', ')
  const sql = `SELECT *, [name] AS list, {'key': name} AS struct, map {name: 1} AS "${texts.join('').replaceAll('"', '""')}" FROM (VALUES ${values}) t(name)`
  const found: (string | undefined)[] = []
  for (const format of ['table', 'json', 'csv', 'csv-raw']) {
    const answer = await ask(['query', '--output', format, '--', sql], COLUMNS)
    found.push(
      answer.exit === 0 ? asked(format, answer, true) : `${format} ended with ${answer.exit}: ${answer.err}`,
    )
  }
  const database = join(base, 'a\u009b31m\u202e\nb.duckdb')
  found.push(asked('a note', await ask(['query', '--duckdb', database], COLUMNS), true))
  const json = await ask(['query', '--output', 'json', '--', `SELECT name FROM (VALUES ${values}) t(name)`])
  const rows = JSON.parse(json.out) as readonly { readonly name: string }[]
  found.push(
    ...texts.map((text, at) =>
      rows[at]?.name === text ? undefined : `JSON has ${JSON.stringify(rows[at])}`,
    ),
  )
  return found.flatMap((each) => each ?? [])
}

const stringsIn = (value: unknown): readonly string[] => {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([name, each]) => [name, ...stringsIn(each)])
    : []
}

/** Messages to people, in every shape: the only controls are the line ends between the lines of one. */
async function byMessage(text: string): Promise<string | undefined> {
  const bodies: string[] = []
  const post = async (_url: unknown, body: string) => {
    bodies.push(body)
    return { status: 200 }
  }
  const outcomes: readonly EntityOutcome[] = [
    outcome('users', { verdict: 'guarded', candidate: 'c'.repeat(64), reason: text }),
    outcome('groups', { verdict: 'incomplete', reason: text }),
  ]
  const night = report('2026-11-01', { outcomes, failure: failure('unreachable', text) })
  const targets = [target('slack'), target('teams'), target('json')]
  await notify(inputOf(night, { targets }), portsOf(memoryStore(), inbox(), { post }))
  if (bodies.length !== targets.length) return `${bodies.length} messages were sent`
  const strings = bodies.flatMap((body) => stringsIn(JSON.parse(body)))
  const bad = strings.find((each) => acts(each.replaceAll('\n', '')))
  return bad === undefined ? undefined : `a message says ${JSON.stringify(bad)}`
}

/** So many at a time. */
const inGroups = (texts: readonly string[], size: number): readonly (readonly string[])[] =>
  Array.from({ length: Math.ceil(texts.length / size) }, (_, at) => texts.slice(at * size, (at + 1) * size))

/** Texts that act, from a server, from people and from data: in logs, on a terminal, in errors and in messages. */
export async function logLines(site: HostileSite): Promise<Attack> {
  const found = await attack(
    LOG_TEXTS,
    async (text) =>
      byReporter(text) ?? (await byMessage(text)) ?? byArgument(site, text, LOG_TEXTS.indexOf(text)),
  )
  const groups = inGroups(LOG_TEXTS.filter(fitsXml), LISTS.length)
  const errors = await attack(groups, (texts) => byServer(site, texts, 'error'))
  const values = await attack(groups, (texts) => byServer(site, texts, 'value'))
  return {
    tried: found.tried,
    through: [found, errors, values].flatMap(({ through }) => through).concat(await byAnswer(site)),
  }
}
