import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addDays, dayIn, dayNumber } from '../../lib/core/day.ts'
import { ENTITIES } from '../../lib/entities/index.ts'
import type { Simulator } from '../../lib/simulator/server.ts'
import { almanac, environmentOf, type Outcome, smallSite, temporaryFolder } from './terminal.ts'

/** The machine's own: how old a night is counts here. */
const TODAY = dayIn('UTC', Date.now())

let sim: Simulator
let folder: Awaited<ReturnType<typeof temporaryFolder>>
beforeAll(async () => {
  folder = await temporaryFolder()
  sim = await smallSite(addDays(TODAY, -29))
  sim.setDay(TODAY)
})
afterAll(async () => {
  await sim.close()
  await folder.remove()
})

const night = (name: string, select: string, day = TODAY): Promise<Outcome> =>
  almanac(
    ['nightly', '--warehouse', join(folder.path, name), '--date', day, '--select', select, '--quiet'],
    environmentOf(sim),
  )
const status = (name: string, ...more: string[]): Promise<Outcome> =>
  almanac(['status', '--warehouse', join(folder.path, name), ...more])
const rowsOf = async (name: string, ...more: string[]): Promise<Record<string, unknown>[]> =>
  JSON.parse((await status(name, '--output', 'json', ...more)).out)

describe('the newest night', () => {
  test('lacks what any of its runs lacked and no other made good', async () => {
    sim.faults.set([{ kind: 'forbidden', match: { endpoint: 'workbooks' } }])
    expect((await night('parts', 'users,workbooks')).exit).toBe(3)
    sim.faults.clear()
    expect((await night('parts', 'users')).exit).toBe(0)
    const { exit, out } = await status('parts')
    expect(exit).toBe(3)
    expect(out).toMatch(
      new RegExp(`: newest run \\S+ for ${TODAY}: incomplete\n {2}workbooks forbidden in run \\S+: \\S`),
    )
    expect(new Set((await rowsOf('parts')).map((row) => row['newest_verdict']))).toEqual(
      new Set(['incomplete']),
    )

    expect((await night('parts', 'workbooks')).exit).toBe(0)
    const whole = await status('parts')
    expect([whole.exit, whole.out]).toEqual([0, expect.stringMatching(`for ${TODAY}: complete\n$`)])
  })

  test('lacks what it completed and somebody withdrew', async () => {
    expect((await night('withdrawn', 'users,jobs')).exit).toBe(0)
    expect((await status('withdrawn')).exit).toBe(0)
    const warehouse = ['--warehouse', join(folder.path, 'withdrawn')]
    const withdrawal = ['withdraw', 'users', '--date', TODAY, '--reason', 'wrong', ...warehouse]
    expect((await almanac(withdrawal)).exit).toBe(0)
    const { exit, out } = await status('withdrawn')
    expect([exit, out]).toEqual([
      3,
      expect.stringMatching(
        /: incomplete\n {2}users incomplete: it was complete, and its day was withdrawn or is lost$/m,
      ),
    ])
  })

  test('is missing where none was ever tried', async () => {
    const root = join(folder.path, 'untouched')
    await mkdir(join(root, 'lease'), { recursive: true })
    await writeFile(join(root, 'lease/1.json'), '{}')
    for (const more of [[], ['--max-age', '0'], ['--output', 'json']]) {
      const { exit, err } = await status('untouched', ...more)
      expect([exit, err]).toEqual([3, 'no site was ever read here: run "almanac nightly"\n'])
    }
  })

  test('is none that was asked for by a slip', async () => {
    expect((await night('slip', 'users')).exit).toBe(0)
    expect((await night('slip', 'users', addDays(TODAY, 300))).exit).toBe(2)
    const { exit, out } = await status('slip')
    expect([exit, out]).toEqual([0, expect.stringMatching(`for ${TODAY}: complete\n$`)])
  })

  test.each([
    ['nightly', 0],
    ['extract', 3],
  ])('of a site that is a day ahead of UTC: %s', async (command, exit) => {
    const tomorrow = addDays(TODAY, 1)
    sim.setDay(tomorrow)
    const place = ['--warehouse', join(folder.path, command)]
    const asked = [...place, '--date', tomorrow, '--select', 'users', '--quiet']
    expect((await almanac([command, ...asked], environmentOf(sim))).exit).toBe(0)
    if (command === 'extract') expect((await almanac(['load', ...place])).exit).toBe(0)
    sim.setDay(TODAY)
    const { exit: ended, out } = await status(command)
    expect(ended).toBe(exit)
    expect(out).toMatch(new RegExp(`^demo +users +${tomorrow} +0 +1$`, 'm'))
    if (command === 'nightly') expect(out).toMatch(/^demo {2}·+●$/m)
  })
})

describe('a site that nothing reads any more', () => {
  const [YESTERDAY, BEFORE, LONG_AGO] = [-1, -2, -29].map((days) => addDays(TODAY, days))

  test.each([
    ['today', TODAY, [], 0],
    ['yesterday, as before tonight’s night', YESTERDAY, [], 0],
    ['yesterday, where it must be today', YESTERDAY, ['--max-age', '0'], 3],
    ['two days ago', BEFORE, [], 3],
    ['two days ago, where that is early enough', BEFORE, ['--max-age', '2'], 0],
    ['long ago', LONG_AGO, [], 3],
    ['long ago, where a week is early enough', LONG_AGO, ['--max-age', '7'], 3],
  ] as const)('since %s', async (_, day = TODAY, more, exit) => {
    const days = dayNumber(TODAY) - dayNumber(day)
    sim.setDay(day)
    // Once is enough for a day.
    await night(`read-${days}`, 'users', day)
    sim.setDay(TODAY)
    const { exit: ended, out } = await status(`read-${days}`, ...more)
    expect(ended).toBe(exit)
    const said = `demo: nothing has run since ${day}, ${days} ${days === 1 ? 'day' : 'days'} ago\n  next: start`
    if (exit === 0) expect(out).not.toMatch(/nothing has run/)
    else expect(out).toContain(said)
    expect(out).toMatch(`for ${day}: complete\n`)
    const [row] = await rowsOf(`read-${days}`)
    expect(row).toMatchObject({ newest_day: day, newest_verdict: 'complete', newest_age_days: days })
  })
})

describe('an entity that no night completes any more', () => {
  const [YESTERDAY, LONG_AGO] = [addDays(TODAY, -1), addDays(TODAY, -21)]
  const AGED = `workbooks of demo: no complete day since ${LONG_AGO}, 21 days ago\n`
  const NEVER = 'groups of demo: switched on, and no complete day yet\n'

  beforeAll(async () => {
    sim.setDay(LONG_AGO)
    expect((await night('aged', 'users,workbooks', LONG_AGO)).exit).toBe(0)
    sim.setDay(TODAY)
    // Events cannot be asked for again: jobs are unsupported in that night, and no word of them is in the newest.
    const place = ['--warehouse', join(folder.path, 'aged'), '--select', 'jobs', '--quiet']
    const back = ['--date', YESTERDAY, '--backdate', 'late']
    expect((await almanac(['nightly', ...place, ...back], environmentOf(sim))).exit).toBe(0)
    expect((await night('aged', 'users')).exit).toBe(0)
  })

  /** Where the call finds the warehouse: by a configuration that switches these on, or without one by its name. */
  async function place(on: readonly string[] | null): Promise<readonly string[]> {
    if (on === null) return ['--warehouse', join(folder.path, 'aged')]
    const path = join(folder.path, `${on.join('-')}.json`)
    const signIn = { kind: 'pat', name: sim.patName, secret: { env: 'PAT' } }
    const file = {
      owner: 'BI',
      warehouse: './aged',
      entities: Object.fromEntries(ENTITIES.map(({ name }) => [name, on.includes(name)])),
      sites: [{ slug: 'demo', server: sim.url, site: sim.site, signIn }],
    }
    await writeFile(path, JSON.stringify(file))
    return ['--config', path]
  }

  test.each<[string, readonly string[] | null, readonly string[], string | null]>([
    ['that was read once', null, [], AGED],
    ['that was read once, where that is early enough', null, ['--max-age', '21'], null],
    ['that is switched on', ['users', 'workbooks'], [], AGED],
    ['that is switched off', ['users'], [], null],
    ['that is switched on and was never read', ['users', 'groups'], [], NEVER],
    ['that the server could not be asked for', ['users', 'jobs'], [], null],
  ])('%s', async (_, on, more, told) => {
    const where = await place(on)
    const { exit, out } = await almanac(['status', ...where, ...more])
    expect(exit).toBe(told === null ? 0 : 3)
    if (told === null) return expect(out).not.toMatch(/no complete day|next:/)
    const entity = told.slice(0, told.indexOf(' '))
    expect(out).toContain(`${told}  next: almanac nightly --site demo --select ${entity} ${where[0]} `)
    expect(out.match(/no complete day/g)).toHaveLength(1)
  })

  test('says by itself whether it is switched on', async () => {
    const [where, named] = [await place(['users']), await place(null)]
    const switchesOf = async (args: readonly string[]) => {
      const { out } = await almanac(['status', ...args, '--output', 'json'])
      const rows: Record<string, unknown>[] = JSON.parse(out)
      return ['users', 'workbooks'].map((name) => rows.find(({ entity }) => entity === name)?.['switched_on'])
    }
    expect(await switchesOf(where)).toEqual([true, false])
    expect(await switchesOf(named)).toEqual([null, null])
  })

  test('asks for nobody by what is held of it either, once it is switched off', async () => {
    sim.faults.set([{ kind: 'shrink', fraction: 0.3, match: { endpoint: 'workbooks' } }])
    expect((await night('aged', 'workbooks')).exit).toBe(3)
    sim.faults.clear()
    for (const [on, exit] of [
      [['users', 'workbooks'], 3],
      [['users'], 0],
    ] as const) {
      const status = await almanac(['status', ...(await place(on)), '--max-age', '21'])
      expect([status.exit, status.out]).toEqual([exit, expect.stringContaining(`${TODAY}, is held: `)])
    }
  })
})
