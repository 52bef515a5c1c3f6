import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type SampleWarehouse, sampleWarehouse } from './sample.ts'
import { AT_ANY_AGE, almanac, environmentOf, type Outcome } from './terminal.ts'

const DAYS = ['2026-11-04', '2026-11-05'] as const
const [, LAST] = DAYS

let sample: SampleWarehouse
beforeAll(async () => {
  sample = await sampleWarehouse(DAYS, 'users,workbooks')
})
afterAll(() => sample.remove())

const ask = (...args: string[]): Promise<Outcome> => sample.ask(...args)
const rows = (sql: string, ...more: string[]): Promise<Record<string, unknown>[]> => sample.rows(sql, ...more)

describe('what is held and what is corrected', () => {
  const guardedDay = '2026-11-06'

  test('a shrunken list is held: exit 3, why, and the command that accepts it', async () => {
    sample.sim.faults.set([{ kind: 'shrink', fraction: 0.3, match: { endpoint: 'workbooks' } }])
    const { exit, out } = await sample.night(guardedDay, '--select', 'workbooks')
    sample.sim.faults.clear()
    expect(exit).toBe(3)
    expect(out).toMatch(
      /^workbooks guarded: .*\n {2}nothing was changed; if it is right: almanac accept workbooks --sha [0-9a-f]{12}/m,
    )
    const status = await ask('status', ...AT_ANY_AGE)
    expect(status.exit).toBe(3)
    expect(status.out).toMatch(/^workbooks of demo, 2026-11-06, is held: /m)
    const load = await ask('load', '--site', 'demo', '--select', 'workbooks')
    expect(load.exit).toBe(3)
    expect(await rows(`SELECT count(*) AS n FROM workbooks WHERE site = 'demo'`)).toEqual([
      { n: sample.sim.world(LAST).workbooks.length },
    ])
  })

  test('the command that status shows accepts it when pasted', async () => {
    const { out } = await ask('status')
    const [, command = ''] = /if it is right: almanac (accept .+)$/m.exec(out) ?? []
    const words = [...command.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
      (word) => word[1] ?? word[2] ?? word[3] ?? '',
    )
    expect(words).toContain(sample.root)
    const accepted = await almanac(words)
    expect(accepted.exit).toBe(0)
    expect(accepted.err).toMatch(/^workbooks of demo: accepted [0-9a-f]{12}\n$/)
    const [answer] = await rows(`SELECT count(*) AS n FROM workbooks WHERE site = 'demo'`)
    expect(Number(answer?.['n'])).toBeLessThan(sample.sim.world(LAST).workbooks.length / 2)
  })

  test('another reading replaces it, named by the SHA-256 it has', async () => {
    const at = ['--select', 'workbooks', '--date', guardedDay, '--site', 'demo']
    const [sha] = (
      await readdir(join(sample.root, `candidate/entity=workbooks/site=demo/dt=${guardedDay}`))
    ).filter((name) => /^[0-9a-f]{64}\.parquet$/.test(name))
    const read = await almanac(
      ['extract', '--warehouse', sample.root, '--quiet', ...at],
      environmentOf(sample.sim),
    )
    expect(read.exit).toBe(0)
    const stale = await ask('load', ...at, '--replace', 'f'.repeat(64), '--reason', 'test')
    expect([stale.exit, stale.err]).toEqual([1, expect.stringMatching(/^error stale-correction: .*\nnext: /)])
    const replaced = await ask('load', ...at, '--replace', String(sha).slice(0, 64), '--reason', 'read again')
    expect(replaced.exit).toBe(0)
    expect(await rows(`SELECT count(*) AS n FROM workbooks WHERE site = 'demo'`)).toEqual([
      { n: sample.sim.world(guardedDay).workbooks.length },
    ])
  })

  test('a withdrawn day counts as never read', async () => {
    const { exit } = await ask(
      'withdraw',
      'workbooks',
      '--date',
      guardedDay,
      '--site',
      'demo',
      '--reason',
      'test',
    )
    expect(exit).toBe(0)
    const { out } = await ask('status', '--site', 'demo')
    expect(out).toMatch(/^demo +workbooks +2026-11-05/m)
  })

  test('a reading that a later day refutes is a gap that asks for nobody, and can still be accepted', async () => {
    sample.sim.faults.set([{ kind: 'shrink', fraction: 0.3, match: { endpoint: 'workbooks' } }])
    expect((await sample.night('2026-11-07', '--select', 'workbooks')).exit).toBe(3)
    sample.sim.faults.clear()
    const on = ['--site', 'demo'] as const
    expect((await ask('status', ...on, ...AT_ANY_AGE)).exit).toBe(3)
    expect((await sample.night('2026-11-08', '--select', 'workbooks')).exit).toBe(0)

    const status = await ask('status', ...on, ...AT_ANY_AGE)
    expect(status.exit).toBe(0)
    expect(status.out).toMatch(
      /^workbooks of demo, 2026-11-07, is held, refuted by 2026-11-08: \d+ of .*\n {2}if it is right: almanac accept workbooks --sha /m,
    )
    expect(status.out).toMatch(/^demo +workbooks +2026-11-08 +\d+ +\d+ +2026-11-06 … 2026-11-07 *$/m)
    const load = await ask('load', ...on, '--select', 'workbooks')
    expect([load.exit, load.out]).toEqual([
      0,
      expect.stringMatching(/^workbooks 2026-11-07 guarded, refuted by 2026-11-08: /m),
    ])
    const json = async (...args: string[]) => JSON.parse((await ask(...args, ...on, '--output', 'json')).out)
    const [loaded] = await json('load', '--select', 'workbooks')
    expect(loaded).toMatchObject({ held: ['2026-11-07'], refuted: ['2026-11-07'] })
    const [{ held }] = (await json('status')).filter(
      ({ entity }: { entity: string }) => entity === 'workbooks',
    )
    expect(held).toMatchObject([{ day: '2026-11-07', verdict: 'guarded', refuted_by: '2026-11-08' }])
    expect((await ask('accept', 'workbooks', '--sha', held[0].candidate, ...on)).exit).toBe(0)
  })

  test('a damaged published table is named, rebuilt with load, and then whole', async () => {
    const path = join(sample.root, 'history/entity=users/site=demo/data.parquet')
    const bytes = await readFile(path)
    await writeFile(path, bytes.subarray(0, bytes.length / 2))
    const asked = await ask('query', 'SELECT count(*) FROM users_history')
    expect([asked.exit, asked.out]).toEqual([1, ''])
    expect(asked.err).toMatch(
      /^error corrupt-object: .*history\/entity=users\/site=demo\/data\.parquet is damaged.*\nnext: /,
    )
    const verified = await ask('verify', '--select', 'users')
    expect(verified.exit).toBe(1)
    const [, command = ''] = /next: It is derived: almanac (load .+) makes it again/.exec(verified.out) ?? []
    expect((await ask(...command.split(' '))).exit).toBe(0)
    expect((await ask('verify', '--select', 'users')).exit).toBe(0)
  })

  test('load without a site to choose names those there are', async () => {
    const { exit, err } = await ask('load')
    expect(exit).toBe(2)
    expect(err).toMatch(/has 2 sites: demo, other-site\nnext: Name one with --site\.\n$/)
  })
})
