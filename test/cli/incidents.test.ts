import { execFile } from 'node:child_process'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { NotifyTarget } from '../../lib/config/configuration.ts'
import type { SecretReference } from '../../lib/core/secret.ts'
import { ENTITIES } from '../../lib/entities/index.ts'
import type { JsonMessage } from '../../lib/notify/json.ts'
import type { SlackMessage } from '../../lib/notify/slack.ts'
import type { TeamsMessage } from '../../lib/notify/teams.ts'
import type { Fault } from '../../lib/simulator/faults.ts'
import { type SimulatorOptions, startSimulator } from '../../lib/simulator/server.ts'
import { startSecrets } from '../aws/secrets-server.ts'
import { CANARY, REGION } from '../aws/warehouse.ts'
import { almanac, everything, temporaryFolder } from './terminal.ts'
import { startWebhook, WEBHOOK_CANARY } from './webhook.ts'

const [DAY1, DAY2, DAY3, DAY4] = ['2026-03-01', '2026-03-02', '2026-03-03', '2026-03-04'] as const
const COUNTS = { users: 12, groups: 3, projects: 4, workbooks: 60, views: 20, datasources: 3 }
const DAY_MS = 86_400_000
/** The time so many days from now, ISO text. Tokens expire by the clock on the wall, whatever day the site is at. */
const inDays = (days: number): string => new Date(Date.now() + days * DAY_MS).toISOString()

let folder: Awaited<ReturnType<typeof temporaryFolder>>
beforeAll(async () => {
  folder = await temporaryFolder()
})
afterAll(() => folder.remove())

const started = async <T extends { close(): unknown }>(starting: Promise<T>): Promise<T> => {
  const server = await starting
  onTestFinished(() => void server.close())
  return server
}

/** Two entities are enough; the others are switched off. */
const ON = Object.fromEntries(ENTITIES.map(({ name }) => [name, ['users', 'workbooks'].includes(name)]))

/** What a test's configuration says otherwise than the usual. */
interface Said {
  readonly notify?: readonly NotifyTarget['kind'][]
  readonly secret?: SecretReference
  readonly expires?: string
}

/** A site of its own, told to a webhook, in a file and a warehouse of their own. The file's name needs quoting. */
async function house(name: string, simulator: SimulatorOptions = {}) {
  const sim = await started(startSimulator({ day: DAY1, counts: COUNTS, ...simulator }))
  const hook = await started(startWebhook<JsonMessage>())
  const config = join(folder.path, `${name}'s site.json`)
  const env: Record<string, string> = { PAT: sim.patSecret, JSON_HOOK: hook.url }
  const configure = async ({ notify = ['json'], secret = { env: 'PAT' }, expires }: Said = {}) => {
    const signIn = { kind: 'pat', name: sim.patName, secret, ...(expires === undefined ? {} : { expires }) }
    const targets = notify.map((kind) => ({ kind, url: { env: `${kind.toUpperCase()}_HOOK` } }))
    const sites = [{ slug: name, server: sim.url, site: sim.site, signIn }]
    const file = { owner: 'BI platform', warehouse: `./${name}`, notify: targets, entities: ON, sites }
    await writeFile(config, JSON.stringify(file))
  }
  await configure()
  return {
    sim,
    env,
    config,
    configure,
    /** The messages that the webhook took so far. */
    told: hook.bodies,
    night: (day: string, ...more: string[]) => {
      sim.setDay(day)
      return almanac(['nightly', '--config', config, '--date', day, ...more], env)
    },
  }
}

/** The news of each message, in short. */
const newsOf = (messages: readonly JsonMessage[]): string[][] =>
  messages.map(({ news }) => news.map(({ kind, what }) => `${kind} ${what}`))

/** The words of a command as a shell takes them, the program's name first. */
async function wordsOf(command: string): Promise<string[]> {
  const { stdout } = await promisify(execFile)('sh', ['-c', `printf '%s\\0' ${command}`])
  return stdout.split('\0').slice(0, -1)
}

const SHRUNK: Fault = { kind: 'shrink', fraction: 0.3, match: { endpoint: 'workbooks' } }

describe('a reading that is held', () => {
  test.each([
    ['guarded', (): string[] => []],
    ['elsewhere', () => ['--warehouse', join(folder.path, 'a warehouse elsewhere')]],
  ])('%s: told once, accepted by the command in the message, and its end told once', async (name, more) => {
    const { sim, night, told, config } = await house(name)
    expect((await night(DAY1, ...more())).exit).toBe(0)
    sim.faults.set([SHRUNK])
    expect((await night(DAY2, ...more())).exit).toBe(3)
    expect(newsOf(told)).toEqual([['opened workbooks:guarded']])

    const [almanacItself, ...args] = await wordsOf(told[0]?.news[0]?.command ?? '')
    expect(almanacItself).toBe('almanac')
    expect(args).toEqual([
      ...['accept', 'workbooks', '--sha', expect.stringMatching(/^[0-9a-f]{12}$/), '--site', name],
      ...['--config', config, ...more()],
    ])
    const accepted = await almanac(args)
    expect(accepted.exit, accepted.err).toBe(0)

    // The workbooks stay away: without the accepted day, these nights would be held as well.
    expect((await night(DAY3, ...more())).exit).toBe(0)
    expect((await night(DAY4, ...more())).exit).toBe(0)
    expect(newsOf(told)).toEqual([['opened workbooks:guarded'], ['recovered workbooks:guarded']])
  })
})

describe('a list that stays wrong', () => {
  test.each<[string, Fault, string]>([
    ['lost', { kind: 'losePage' }, 'incomplete'],
    ['lied', { kind: 'lieTotal', by: 5 }, 'incomplete'],
    ['refused', { kind: 'forbidden' }, 'forbidden'],
  ])('%s: one message for two nights, one for its end', async (name, fault, verdict) => {
    const { sim, night, told } = await house(name)
    expect((await night(DAY1)).exit).toBe(0)
    sim.faults.set([{ ...fault, match: { endpoint: 'users' } }])
    expect((await night(DAY2)).exit).toBe(3)
    expect((await night(DAY3)).exit).toBe(3)
    expect(newsOf(told)).toEqual([[`opened users:${verdict}`]])
    expect(told[0]).toMatchObject({ site: name, dt: DAY2, owner: 'BI platform', lastComplete: DAY1 })
    sim.faults.clear()
    expect((await night(DAY4)).exit).toBe(0)
    expect(newsOf(told).slice(1)).toEqual([[`recovered users:${verdict}`]])
  })
})

describe('a token that expires', () => {
  const NIGHTS = [DAY1, DAY2] as const

  test('as Tableau tells: one message in two whole nights', async () => {
    const { night, told } = await house('cloud', { cloud: true, patExpiresAt: inDays(5) })
    for (const day of NIGHTS) expect((await night(day)).exit).toBe(0)
    expect(newsOf(told)).toEqual([['opened token-expires:7']])
    expect(told[0]?.headline).toMatch(/the personal access token expires in [45] days$/)
  })

  test('as the configuration tells: the same', async () => {
    const { configure, night, told } = await house('written')
    await configure({ expires: inDays(5).slice(0, 10) })
    for (const day of NIGHTS) expect((await night(day)).exit).toBe(0)
    expect(newsOf(told)).toEqual([['opened token-expires:7']])
  })

  test('within 30 days, then within 7: one message each, and one when it was renewed', async () => {
    const { configure, night, told } = await house('twice')
    for (const [day, left] of [
      [DAY1, 40],
      [DAY2, 20],
      [DAY3, 5],
      [DAY4, 300],
    ] as const) {
      await configure({ expires: inDays(left).slice(0, 10) })
      expect((await night(day)).exit).toBe(0)
    }
    expect(newsOf(told)).toEqual([
      ['opened token-expires:30'],
      ['opened token-expires:7'],
      ['recovered token-expires:7'],
    ])
  })
})

test('Slack, Teams and a program get a form of their own, each once', async () => {
  const { sim, env, configure, night, told } = await house('forms')
  const slack = await started(startWebhook<SlackMessage>())
  const teams = await started(startWebhook<TeamsMessage>())
  Object.assign(env, { SLACK_HOOK: slack.url, TEAMS_HOOK: teams.url })
  await configure({ notify: ['slack', 'teams', 'json'] })
  sim.faults.set([{ kind: 'forbidden', match: { endpoint: 'users' } }])
  for (const day of [DAY1, DAY2]) expect((await night(day)).exit).toBe(3)

  const first = `forms, night of ${DAY1}: users may not be read`
  const block = { type: 'section', text: { type: 'mrkdwn', text: `*${first}*` } }
  const content = { type: 'AdaptiveCard', version: '1.4', fallbackText: first }
  expect(slack.bodies).toMatchObject([{ text: first, blocks: [block, {}, {}] }])
  expect(teams.bodies).toMatchObject([{ type: 'message', attachments: [{ content }] }])
  expect(told).toMatchObject([{ format: 1, headline: first, news: [{ what: 'users:forbidden' }] }])
})

test('a secret in AWS Secrets Manager: read, missed, told once, and shown nowhere', async () => {
  const { sim, env, configure, night, told } = await house('aws')
  const kept = { text: JSON.stringify({ name: sim.patName, secret: sim.patSecret }) }
  const { secrets, url } = await started(startSecrets({ 'almanac/tableau': kept }))
  // AWS's own library reads the process's environment.
  vi.stubEnv('AWS_ENDPOINT_URL_SECRETS_MANAGER', url)
  vi.stubEnv('AWS_REGION', REGION)
  vi.stubEnv('AWS_ACCESS_KEY_ID', CANARY.accessKeyId)
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', CANARY.secretAccessKey)
  onTestFinished(() => void vi.unstubAllEnvs())
  Object.assign(env, { PAT: '', AWS_ENDPOINT_URL_SECRETS_MANAGER: url, AWS_REGION: REGION })
  await configure({ secret: { awsSecret: 'almanac/tableau', field: 'secret' } })
  expect((await night(DAY1)).exit).toBe(0)

  secrets.delete('almanac/tableau')
  for (const day of [DAY2, DAY3]) {
    const { exit, err } = await night(day)
    expect(exit).toBe(2)
    expect(err).toMatch(/error secret-missing: .*almanac\/tableau.*\nnext: /)
  }
  expect(newsOf(told)).toEqual([['opened run:secret-missing']])

  secrets.set('almanac/tableau', kept)
  expect((await night(DAY4)).exit).toBe(0)
  expect(newsOf(told).slice(1)).toEqual([['recovered run:secret-missing']])
  for (const secret of [sim.patSecret, CANARY.accessKeyId, CANARY.secretAccessKey])
    expect(JSON.stringify(told)).not.toContain(secret)
  expect(await written()).not.toContain(sim.patSecret)
})

/** Everything that was answered, and every file that was written. */
async function written(): Promise<string> {
  const entries = await readdir(folder.path, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  const texts = await Promise.all(
    files.map(({ parentPath, name }) => readFile(join(parentPath, name), 'latin1')),
  )
  return [...everything, ...texts].join('\n')
}

test('no secret was shown or kept', async () => {
  const text = await written()
  expect(text).toContain('token-expires:7')
  for (const secret of [WEBHOOK_CANARY, CANARY.accessKeyId, CANARY.secretAccessKey])
    expect(text).not.toContain(secret)
})
