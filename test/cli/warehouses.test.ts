import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ENTITIES } from '../../lib/entities/index.ts'
import type { Simulator } from '../../lib/simulator/server.ts'
import { AT_ANY_AGE, almanac, linesOf, smallSite, temporaryFolder } from './terminal.ts'

const [DAY1, DAY2] = ['2026-03-01', '2026-03-20'] as const
const COUNT_BY_SITE = ['query', 'SELECT site, count(*) AS n FROM users GROUP BY site', '--output', 'csv']

let marketing: Simulator
let sales: Simulator
let folder: Awaited<ReturnType<typeof temporaryFolder>>
let config: string

const warehouse = (name: string): string => join(folder.path, name)
/** A command with the configuration of both. */
const both = (...args: readonly string[]) =>
  almanac([...args, '--config', config], {
    MARKETING_SECRET: marketing.patSecret,
    SALES_SECRET: sales.patSecret,
  })
const night = (day: string, ...more: readonly string[]) => {
  marketing.setDay(day)
  sales.setDay(day)
  return both('nightly', '--date', day, '--select', 'users,groups', ...more)
}
/** What a warehouse's own answer to the question is, whatever is configured. */
const usersIn = async (name: string) =>
  (await almanac([...COUNT_BY_SITE, '--warehouse', warehouse(name)])).out
const usersOf = (slug: string, { world }: Simulator): string => `site,n\n${slug},${world().users.length}\n`

beforeAll(async () => {
  folder = await temporaryFolder()
  config = join(folder.path, 'two.json')
  marketing = await smallSite(DAY1, { site: 'marketing' })
  sales = await smallSite(DAY1, { site: 'sales', seed: 8 })
  const site = ({ url, patName, site: slug }: Simulator, at: string) => ({
    slug,
    server: url,
    site: slug,
    signIn: { kind: 'pat', name: patName, secret: { env: `${slug.toUpperCase()}_SECRET` } },
    warehouse: at,
  })
  const sites = [site(marketing, './of-marketing'), site(sales, './of-sales')]
  const isRead = (name: string): boolean => ['users', 'groups'].includes(name)
  const entities = Object.fromEntries(ENTITIES.map(({ name }) => [name, isRead(name)]))
  await writeFile(config, JSON.stringify({ owner: 'BI platform', entities, sites }))
})
afterAll(async () => {
  await Promise.all([marketing.close(), sales.close()])
  await folder.remove()
})

describe('two sites with a warehouse each', () => {
  test('each night goes into its own', async () => {
    const { exit, err } = await night(DAY1)
    expect(exit, err).toBe(0)
    expect(await usersIn('of-marketing')).toBe(usersOf('marketing', marketing))
    expect(await usersIn('of-sales')).toBe(usersOf('sales', sales))
  })

  test('status shows both', async () => {
    const { exit, out, err } = await both('status', '--output', 'json', ...AT_ANY_AGE)
    expect(exit, err).toBe(0)
    const rows: { site: string; entity: string; complete_days: number }[] = JSON.parse(out)
    const users = rows.filter(({ entity }) => entity === 'users')
    expect(users.map(({ site, complete_days: days }) => [site, days])).toEqual([
      ['marketing', 1],
      ['sales', 1],
    ])
  })

  test.each([
    [['query', 'SELECT 1']],
    [['verify']],
    [['load']],
    [['diff', DAY1, DAY1]],
    [['history', 'groups', 'All Users']],
    [['accept', 'users', '--sha', 'c0ffee00']],
    [['withdraw', 'users', '--date', DAY1, '--reason', 'a test']],
  ])('%j names both and does nothing', async (args) => {
    const { exit, out, err } = await both(...args)
    expect([exit, out]).toEqual([2, ''])
    expect(err).toBe(
      `error usage: the configured sites have 2 warehouses: ${warehouse('of-marketing')}, ${warehouse('of-sales')}\n` +
        'next: Name one with --warehouse, or its site with --site.\n',
    )
  })

  test('--site with nightly leaves the other alone', async () => {
    const { exit, out } = await night(DAY2, '--site', 'sales')
    expect(exit).toBe(0)
    expect(out).not.toMatch(/marketing/)
    const { out: days } = await almanac([
      'query',
      'SELECT DISTINCT dt FROM run_entities',
      ...['--output', 'csv', '--warehouse', warehouse('of-marketing')],
    ])
    expect(days).toBe(`dt\n${DAY1}\n`)
  })

  test.each([
    [COUNT_BY_SITE, /^site,n\nsales,\d+\n$/],
    [['verify'], /^ok users of sales: /],
    [['load'], /^sales +users +/m],
    [['diff', DAY1, DAY2], /^sales +users +/m],
    [['status', ...AT_ANY_AGE], /^sales +users +/m],
  ])('%j with --site takes that one’s', async (args, answer) => {
    const { exit, out, err } = await both(...args, '--site', 'sales')
    expect(exit, err).toBe(0)
    expect(out).toMatch(answer)
    expect(out).not.toMatch(/marketing/)
  })

  test('--warehouse stands for both, and for every question', async () => {
    const { exit, err } = await night(DAY2, '--warehouse', warehouse('shared'))
    expect(exit, err).toBe(0)
    const { out } = await both(...COUNT_BY_SITE, '--warehouse', warehouse('shared'))
    const rows = [marketing, sales].map((sim) => `${sim.site},${sim.world().users.length}`)
    expect(linesOf(out).sort()).toEqual([...rows, 'site,n'].sort())
    expect(await usersIn('of-marketing')).not.toMatch(/sales/)
  })
})

describe('a warehouse that cannot be written', () => {
  test.each([
    ['of-marketing', 'sales', () => sales],
    ['of-sales', 'marketing', () => marketing],
  ])('%s: the night of %s is whole all the same', async (broken, whole, site) => {
    for (const name of ['of-marketing', 'of-sales'])
      await rm(warehouse(name), { recursive: true, force: true })
    await writeFile(warehouse(broken), 'a file where the folder should be')
    const { exit, out, err } = await night(DAY2)
    expect(exit).toBe(1)
    expect(out).toMatch(new RegExp(`${whole}, ${DAY2}: 2 of 2 entities complete`))
    expect(err).toMatch(new RegExp(`error store-failed: .*${broken}.*\\nnext: `))
    expect(await usersIn(`of-${whole}`)).toBe(usersOf(whole, site()))
  })
})
