import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { Simulator } from '../../lib/simulator/server.ts'
import { listening } from '../doctor/front.ts'
import { smallSite } from '../doctor/site.ts'
import { almanac, everything, type Outcome } from './terminal.ts'

const WEBHOOK_PATH = '/services/Cana7yCana7yCana7y'

let folder: string
let sim: Simulator
let env: Record<string, string>
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'almanac-doctor-cli-'))
  sim = await smallSite()
  env = {
    TABLEAU_SERVER_URL: sim.url,
    TABLEAU_SITE_ID: sim.site,
    TABLEAU_PAT_NAME: sim.patName,
    TABLEAU_PAT_SECRET: sim.patSecret,
  }
})
afterAll(async () => {
  await sim.close()
  await rm(folder, { recursive: true, force: true })
})

const doctor = (
  args: readonly string[],
  more: Record<string, string> = {},
  columns?: number,
): Promise<Outcome> =>
  almanac(['doctor', '--warehouse', join(folder, 'warehouse'), ...args], { ...env, ...more }, columns)

/** A configuration file of sites, which all are the simulated one. */
async function configured(name: string, text: object | string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, typeof text === 'string' ? text : JSON.stringify(text))
  return path
}

const siteOf = (slug: string, more: object = {}): object => ({
  slug,
  server: sim.url,
  site: sim.site,
  signIn: { kind: 'pat', name: sim.patName, secret: { env: 'TABLEAU_PAT_SECRET' } },
  ...more,
})

test('a line for each check, with what to do below those that need it; exit 0 where nothing fails', async () => {
  const { exit, out, err } = await doctor([])
  expect([exit, err]).toEqual([0, ''])
  const [head, ...lines] = out.trimEnd().split('\n')
  expect(head).toBe('demo')
  expect(lines[0]).toMatch(/^✓ configuration {9}the environment: 1 site; "demo" is site "demo"/)
  expect(out).toMatch(/^✓ sign-in {15}personal access token "almanac" signs in to site "demo" /m)
  expect(out).toMatch(/^✓ entity group_members {2}answers; read below 4 parents, a call each$/m)
  expect(out).toMatch(/^! owner {17}nobody is named.*\n {24}→ Name a team/m)
  expect(out).toMatch(/^- tls {19}plain http/m)
})

test('a failed check ends with 1 and says what to do; what needs it is not done', async () => {
  const { exit, out } = await doctor([], { TABLEAU_PAT_SECRET: 'wrong:secret' })
  expect(exit).toBe(1)
  expect(out).toMatch(/^✗ sign-in .*refused.*\n {24}→ Check the token/m)
  expect(out).toMatch(/^- role {18}not done: it needs "sign-in"$/m)
  expect(out).toMatch(/^✓ warehouse /m)
})

test('JSON and CSV have the same rows', async () => {
  const json: Record<string, unknown>[] = JSON.parse((await doctor(['--output', 'json'])).out)
  expect(Object.keys(json[0] ?? {})).toEqual(['site', 'check', 'verdict', 'says', 'next'])
  expect(json.find(({ check }) => check === 'entity users')).toEqual({
    site: 'demo',
    check: 'entity users',
    verdict: 'ok',
    says: 'answers; 40 rows',
    next: null,
  })
  const csv = (await doctor(['--output', 'csv'])).out.trimEnd().split('\n')
  expect(csv[0]).toBe('site,check,verdict,says,next')
  expect(csv.slice(1).map((line) => line.split(',').slice(0, 3))).toEqual(
    json.map(({ site, check, verdict }) => [site, check, verdict]),
  )
})

test('a configuration that is wrong is a failed check, and the only one', async () => {
  const config = await configured('broken.json', '{ "sites": [] }')
  const { exit, out } = await doctor(['--config', config, '--output', 'json'])
  expect(exit).toBe(1)
  const rows: { site: string | null; check: string; verdict: string; says: string }[] = JSON.parse(out)
  expect(rows).toMatchObject([{ site: null, check: 'configuration', verdict: 'fail' }])
  expect(rows[0]?.says).toContain('broken.json')
})

test.each([
  ['insecure', { TABLEAU_SERVER_URL: 'http://tableau.example.com' }],
  ['forbidden', { TABLEAU_SERVER_URL: 'https://169.254.169.254' }],
  ['incomplete', { TABLEAU_PAT_NAME: '' }],
])('an environment that is %s is a failed check as well', async (_what, more) => {
  const { exit, out, err } = await doctor(['--output', 'json'], more)
  expect([exit, err]).toEqual([1, ''])
  expect(JSON.parse(out)).toMatchObject([
    { site: null, check: 'configuration', verdict: 'fail', next: expect.stringMatching(/./) },
  ])
  expect((await doctor([], more)).out).toMatch(/^✗ configuration .+\n {24}→ /)
})

test('no configuration at all says how to get one', async () => {
  const { exit, out } = await almanac(['doctor', '--config', join(folder, 'absent.json')], {})
  expect(exit).toBe(1)
  expect(out).toMatch(/^✗ configuration .*absent\.json.*\n.*→ .*almanac init/m)
})

test('several sites stand apart, and the failure of one is not that of another', async () => {
  const entities = { groups: false, jobs: false }
  const config = await configured('two.json', {
    owner: 'BI platform <bi@example.com>',
    entities,
    sites: [siteOf('first', { site: 'nowhere' }), siteOf('second', { entities: { users: false } })],
  })
  const { exit, out } = await doctor(['--config', config])
  expect(exit).toBe(1)
  const [first = '', second = ''] = out.split('\n\n')
  expect(first.split('\n')[0]).toBe('first')
  expect(first).toMatch(/✗ sign-in .*"nowhere"/)
  expect(second.split('\n')[0]).toBe('second')
  expect(second).not.toMatch(/^✗/m)
  expect(second).toMatch(/two\.json: 2 sites; "second" is/)
  expect(second).not.toContain('entity users')
  const { out: one } = await doctor(['--config', config, '--site', 'second'])
  expect(one.split('\n')[0]).toBe('second')
  expect(one).not.toContain('\n\n')
})

test('--notify-test sends a message to each webhook, and says what became of it', async () => {
  const bodies: string[] = []
  const hooks = await listening(
    createServer((request, response) => {
      const pieces: Buffer[] = []
      request.on('data', (piece: Buffer) => pieces.push(piece))
      request.on('end', () => {
        bodies.push(`${request.url} ${Buffer.concat(pieces)}`)
        response.writeHead(request.url === WEBHOOK_PATH ? 200 : 404).end()
      })
    }),
  )
  onTestFinished(hooks.close)
  const config = await configured('notify.json', {
    owner: 'BI platform <bi@example.com>',
    notify: [
      { kind: 'slack', url: { env: 'GOOD_HOOK' } },
      { kind: 'json', url: { env: 'BAD_HOOK' } },
    ],
    sites: [siteOf('demo')],
  })
  const hookEnv = { GOOD_HOOK: `${hooks.url}${WEBHOOK_PATH}`, BAD_HOOK: `${hooks.url}/Cana7yGone` }
  const { exit, out } = await doctor(['--config', config, '--notify-test', '--output', 'json'], hookEnv)
  expect(exit).toBe(1)
  const rows: { check: string; verdict: string; says: string }[] = JSON.parse(out)
  expect(rows.at(-1)).toMatchObject({ check: 'notify-test', verdict: 'fail' })
  expect(rows.at(-1)?.says).toMatch(
    /^json webhook \(environment variable BAD_HOOK\): there is no such webhook/,
  )
  expect(bodies).toHaveLength(2)
  expect(bodies.find((body) => body.startsWith(WEBHOOK_PATH))).toContain('this is a test')
  expect((await doctor(['--config', config], hookEnv)).out).not.toContain('notify-test  ')
  expect(bodies).toHaveLength(2)
})

test('colours and marks on a terminal, none with NO_COLOR', async () => {
  const colour = '\u001b['
  expect((await doctor([], {}, 100)).out).toContain(`${colour}32m✓`)
  expect((await doctor([], { NO_COLOR: '1' }, 100)).out).not.toContain(colour)
})

test('no output holds a secret', () => {
  const text = everything.join('')
  expect(text.length).toBeGreaterThan(10_000)
  for (const secret of [...sim.patSecret.split(':'), 'wrong:secret', 'Cana7y'])
    expect(text).not.toContain(secret)
})
