import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ENTITIES } from '../../lib/entities/index.ts'
import type { Simulator } from '../../lib/simulator/server.ts'
import { AT_ANY_AGE, almanac, everything, smallSite, temporaryFolder } from './terminal.ts'
import { startWebhook, WEBHOOK_CANARY, type Webhook } from './webhook.ts'

const DAYS = ['2026-11-01', '2026-11-02', '2026-11-03', '2026-11-04'] as const
const NOWHERE = 'http://127.0.0.1:1'

let marketing: Simulator
let sales: Simulator
let folder: Awaited<ReturnType<typeof temporaryFolder>>
let webhook: Webhook<Record<string, unknown>>

const site = ({ url, site: name, patName }: Simulator, slug: string, server = url) => ({
  slug,
  server,
  site: name,
  signIn: { kind: 'pat', name: patName, secret: { env: `${slug.toUpperCase()}_SECRET` } },
})

/** Switches every entity off but these. */
const only = (...names: readonly string[]) =>
  Object.fromEntries(ENTITIES.map(({ name }) => [name, names.includes(name)]))

/** Writes a configuration of both sites; `down` is the one that is unreachable. Answers the file's path. */
async function configuration(name: string, down?: 'marketing' | 'sales'): Promise<string> {
  const path = join(folder.path, `${name}.json`)
  const sites = [
    site(marketing, 'marketing', down === 'marketing' ? NOWHERE : undefined),
    site(sales, 'sales', down === 'sales' ? NOWHERE : undefined),
  ]
  const shared = {
    owner: 'BI platform',
    warehouse: './both',
    notify: [{ kind: 'json', url: { env: 'WEBHOOK' } }],
    entities: only('users', 'groups'),
  }
  await writeFile(path, JSON.stringify({ ...shared, sites }, null, 2))
  return path
}

const secrets = () => ({
  MARKETING_SECRET: marketing.patSecret,
  SALES_SECRET: sales.patSecret,
  WEBHOOK: webhook.url,
})

const night = (config: string, day: string, ...more: string[]) => {
  marketing.setDay(day)
  sales.setDay(day)
  return almanac(['nightly', '--config', config, '--date', day, ...more], secrets())
}

beforeAll(async () => {
  folder = await temporaryFolder()
  marketing = await smallSite(DAYS[0], { site: 'marketing' })
  sales = await smallSite(DAYS[0], { site: 'sales', seed: 8 })
  webhook = await startWebhook()
})
afterAll(async () => {
  await Promise.all([marketing.close(), sales.close()])
  webhook.close()
  await folder.remove()
})

describe('two sites of one configuration', () => {
  test('are both read by one command, and nobody is told of a good night', async () => {
    const { exit, out } = await night(await configuration('both'), DAYS[0])
    expect(exit).toBe(0)
    expect(out).toMatch(/marketing, 2026-11-01: 2 of 2 entities complete/)
    expect(out).toMatch(/sales, 2026-11-01: 2 of 2 entities complete/)
    expect(webhook.bodies).toEqual([])
  })

  test.each([
    [DAYS[1], 1],
    [DAYS[2], 1],
  ])('one down on %s: the other whole, exit code 1, and one message for it all', async (day, messages) => {
    const { exit, out, err } = await night(await configuration('down', 'marketing'), day)
    expect(exit).toBe(1)
    expect(out).toMatch(new RegExp(`sales, ${day}: 2 of 2 entities complete`))
    expect(err).toMatch(/error unreachable: marketing: .*127\.0\.0\.1:1.*\nnext: /)
    expect(webhook.bodies).toHaveLength(messages)
    expect(JSON.stringify(webhook.bodies[0])).toMatch(/marketing/)
    expect(JSON.stringify(webhook.bodies[0])).not.toMatch(/sales/)
  })

  test('status shows both as strips', async () => {
    const { exit, out } = await almanac(['status', '--config', await configuration('both'), ...AT_ANY_AGE])
    expect(exit).toBe(3)
    expect(out).toMatch(/marketing {2}[·●▲✗]+\nsales {6}[·●▲✗]+\n/)
  })

  test('tells that the one that was down is back', async () => {
    const { exit } = await night(await configuration('both'), DAYS[3])
    expect(exit).toBe(0)
    expect(webhook.bodies).toHaveLength(2)
    expect(JSON.stringify(webhook.bodies[1])).toMatch(/marketing/)
    expect(JSON.stringify(webhook.bodies[1])).toMatch(/recovered/)
  })

  test('a secret that is missing is the failure of its own site', async () => {
    const config = await configuration('both')
    const { exit, out, err } = await almanac(
      ['nightly', '--config', config, '--date', DAYS[3], '--select', 'groups,projects'],
      { ...secrets(), SALES_SECRET: '' },
    )
    expect(exit).toBe(2)
    expect(out).toMatch(/marketing, 2026-11-04: 2 of 2 entities complete/)
    expect(err).toMatch(/error secret-missing: sales: environment variable SALES_SECRET/)
  })

  test('one alone with --site', async () => {
    const { exit, out } = await night(await configuration('both'), DAYS[3], '--site', 'sales')
    expect(exit).toBe(0)
    expect(out).not.toMatch(/marketing/)
  })

  test.each([
    ['json', (out: string) => JSON.parse(out).map((each: { site: string }) => each.site)],
    [
      'csv',
      (out: string) => [
        ...new Set(
          out
            .trim()
            .split('\n')
            .slice(1)
            .map((line) => line.split(',')[0]),
        ),
      ],
    ],
  ])('make one answer as %s', async (format, sitesIn) => {
    const { out } = await night(await configuration('both'), DAYS[3], '--output', format)
    expect(sitesIn(out)).toEqual(['marketing', 'sales'])
  })

  test('a site that the configuration lacks is named', async () => {
    const { exit, err } = await night(await configuration('both'), DAYS[3], '--site', 'finance')
    expect(exit).toBe(2)
    expect(err).toMatch(
      /error not-found: .*both\.json has no site "finance"\nnext: It has: marketing, sales\.\n/,
    )
  })

  test('questions find the warehouse that the configuration names', async () => {
    const { out } = await almanac([
      'query',
      '--config',
      await configuration('both'),
      '--output',
      'csv',
      'SELECT DISTINCT site FROM users ORDER BY 1',
    ])
    expect(out).toBe('site\nmarketing\nsales\n')
  })

  test('a webhook that is gone fails nothing and is told', async () => {
    const config = await configuration('no-hook', 'sales')
    const { exit, err } = await almanac(
      ['nightly', '--config', config, '--date', DAYS[3], '--select', 'views', '--site', 'sales'],
      { ...secrets(), WEBHOOK: `http://127.0.0.1:1/${WEBHOOK_CANARY}` },
    )
    expect(exit).toBe(1)
    expect(err).toMatch(/json webhook \(environment variable WEBHOOK\) was not told: /)
  })

  test('none of this shows a secret', async () => {
    const written = [...everything, await readFile(join(folder.path, 'both.json'), 'utf8')].join('')
    for (const secret of [marketing.patSecret, sales.patSecret, WEBHOOK_CANARY])
      expect(written).not.toContain(secret)
  })
})
