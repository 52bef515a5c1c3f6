import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { Simulator } from '../../lib/simulator/server.ts'
import { smallSite } from '../doctor/site.ts'
import { almanac, everything, type Outcome } from './terminal.ts'

let folder: string
let sim: Simulator
let env: Record<string, string>
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'almanac-discover-cli-'))
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

const discover = (args: readonly string[], more: Record<string, string> = {}): Promise<Outcome> =>
  almanac(['discover', '--warehouse', join(folder, 'warehouse'), ...args], { ...env, ...more })

test('a table of every entity, and what a night takes, named an estimate', async () => {
  const { exit, out, err } = await discover([])
  expect([exit, err]).toEqual([0, ''])
  const [head = '', , ...rows] = out.split('\n')
  expect(head.split(/ +/)).toEqual([
    'site',
    'entity',
    'on',
    'supported',
    'role',
    'count',
    'parents',
    'calls',
    'seconds',
    'note',
  ])
  expect(rows[1]).toMatch(/^demo +users +true +true +all +40 +1 +[\d.]+$/)
  expect(rows[3]).toMatch(/^demo +group_members +true +true +all +4 +5 +[\d.]+$/)
  expect(out).toMatch(
    /\na night of demo: 230 rows and what is read below parents, about 17 calls and a second; an estimate, at \d+ ms a call as measured here, 8 side by side\n$/,
  )
  expect(sim.counters()['signOuts']).toBe(sim.counters()['signIns'])
})

test('JSON has numbers, and nothing for what was not asked', async () => {
  const rows: Record<string, unknown>[] = JSON.parse((await discover(['--output', 'json'])).out)
  expect(rows).toHaveLength(9)
  expect(rows.find(({ entity }) => entity === 'group_members')).toMatchObject({
    site: 'demo',
    on: true,
    supported: true,
    role: 'all',
    count: null,
    parents: 4,
    calls: 5,
    note: null,
  })
})

test('one site that refuses us does not keep the others from being seen; exit 1', async () => {
  const signIn = { kind: 'pat', name: sim.patName, secret: { env: 'TABLEAU_PAT_SECRET' } }
  const config = join(folder, 'two.json')
  const text = {
    owner: 'BI platform <bi@example.com>',
    sites: [
      { slug: 'first', server: sim.url, site: 'nowhere', signIn },
      { slug: 'second', server: sim.url, site: sim.site, signIn, entities: { jobs: false } },
    ],
  }
  await writeFile(config, JSON.stringify(text))
  const { exit, out, err } = await discover(['--config', config, '--output', 'csv'])
  expect(exit).toBe(1)
  expect(err).toMatch(/^error sign-in-refused: .*"nowhere".*\nnext: /)
  const lines = out.trimEnd().split('\n')
  expect(lines).toHaveLength(10)
  expect(lines[1]).toMatch(/^second,site,true,true,all,1,,1,/)
  expect(lines.at(-1)).toMatch(/^second,jobs,false,true,all,15,,1,/)
})

test('a role that sees nothing says what to give the user, exit 3', async () => {
  const viewer = await smallSite({ siteRole: 'Viewer' })
  onTestFinished(() => viewer.close())
  const { exit, out, err } = await discover([], { TABLEAU_SERVER_URL: viewer.url })
  expect(exit).toBe(3)
  expect(err).toMatch(
    /^error forbidden: demo: Viewer sees nothing whole of what is switched on.*\nnext: Give the user the site role SiteAdministratorExplorer/,
  )
  expect(out).toContain('Viewer is refused it')
  expect(out).not.toContain('a night of demo')
})

test('no output holds the secret', () => {
  const text = everything.join('')
  expect(text.length).toBeGreaterThan(1_000)
  for (const part of sim.patSecret.split(':')) expect(text).not.toContain(part)
})
