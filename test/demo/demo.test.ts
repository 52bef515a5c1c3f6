import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { diskStore } from '../../lib/adapters/local/store.ts'
import { committedDays } from '../../lib/core/manifest.ts'
import { ENTITIES } from '../../lib/entities/index.ts'
import { inProcess } from '../package/in-process.ts'
import { type Finished, run } from '../package/run.ts'
import { ROOT } from '../package/sources.ts'

const ALMANAC = [join(ROOT, 'dist/almanac.js')]

let folder = ''
let first: Finished
let second: Finished
const almanac = (...args: string[]) => run(process.execPath, [...ALMANAC, ...args], { cwd: folder })

const daysOf = async (entity: string) =>
  (await committedDays(diskStore(join(folder, 'demo-warehouse')), { entity, site: 'demo' })).map(
    ({ dt }) => dt,
  )

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'almanac-demo-'))
  first = await almanac('demo', '--nights', '2')
  second = await almanac('demo', '--nights', '1')
}, 180_000)
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('almanac demo', () => {
  test('says that no site is configured, and what would configure one', () => {
    expect(first.err).toContain('No Tableau site is configured')
    for (const name of ['SERVER_URL', 'SITE_ID', 'PAT_NAME', 'PAT_SECRET'])
      expect(first.err).toContain(`TABLEAU_${name}`)
  })

  test('goes through its nights, and a second start goes on from there', async () => {
    expect([first.exit, second.exit]).toEqual([0, 0])
    expect(first.err).toContain('night 2/2   2026-10-04   9 of 9 tables complete')
    expect(second.err).toContain('1 night from 2026-10-05 on')
    const days = ['2026-10-03', '2026-10-04', '2026-10-05']
    const states = ENTITIES.filter(({ kind }) => kind === 'state')
    for (const { name } of states) expect(await daysOf(name), name).toEqual(days)
  })

  test('writes to ./demo-warehouse and nowhere else', async () => {
    expect(await readdir(folder)).toEqual(['demo-warehouse'])
  })

  test('answers its questions with the SQL that was run', () => {
    const titles = second.out.match(/^\d\. .+$/gm) ?? []
    expect(titles.map((title) => title.slice(0, 2))).toEqual(['1.', '2.', '3.', '4.', '5.', '6.'])
    const answers = second.out.split(/^\d\. .+$/m).slice(1)
    for (const answer of answers) expect(answer).toMatch(/^ {4}SELECT [\s\S]+\n\n\S+.*\n─+/m)
    expect(answers[0]).toMatch(/^2026-10-04 +\d+/m)
    expect(answers[1]).toMatch(/^2026-10-0[45] +\S.* {2}\S/m)
    expect(answers[2]).toMatch(/^2026-10-0[45] +\S/m)
  })

  test('suggests three commands that work as they stand', async () => {
    const commands = second.out.match(/^ {2}npx almanac .+$/gm) ?? []
    expect(commands.map((command) => command.split(' ')[4])).toEqual(['query', 'history', 'diff'])
    for (const command of commands) {
      const pasted = command.trim().replace('npx almanac', `node ${ALMANAC.join(' ')}`)
      const { exit, out, err } = await run('sh', ['-c', pasted], { cwd: folder })
      expect(err).not.toMatch(/error|nothing was known/)
      expect(out.split('\n').length).toBeGreaterThan(3)
      expect(exit).toBe(0)
    }
  })

  test('a night that was cut off is run again, and only what it lacks is read', async () => {
    const manifest = join(folder, 'demo-warehouse/manifest/entity=workbooks/site=demo/dt=2026-10-05')
    await rm(manifest, { recursive: true })
    const { exit, err } = await almanac('demo', '--nights', '1')
    expect(err).toMatch(/night 1\/1 {3}2026-10-05 .* 9 of 9 tables complete/)
    expect(exit).toBe(0)
    expect(await daysOf('workbooks')).toContain('2026-10-05')
  })

  test.each([
    [['--warehouse', './warehouse'], 'that is where a real site goes'],
    [['--nights', '0'], '--nights is "0"; it takes a whole number from 1 to 1000'],
    [['--nights', 'all'], '--nights is "all"'],
  ])('%j is refused', async (args, why) => {
    const { exit, out, err } = await inProcess('demo', ...args)
    expect(err).toContain(why)
    expect({ exit, out }).toEqual({ exit: 2, out: '' })
  })

  test('a warehouse of another site is refused', async () => {
    const root = join(folder, 'real')
    await diskStore(root).write('site/marketing.json', new TextEncoder().encode('{}'), 'absent')
    const { exit, err } = await inProcess('demo', '--warehouse', root)
    await rm(root, { recursive: true })
    expect(err).toContain('holds marketing')
    expect(exit).toBe(2)
  })
})
