import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { initCommand } from '../../lib/cli/init.ts'
import { QUESTIONS } from '../../lib/cli/init-questions.ts'
import type { Simulator } from '../../lib/simulator/server.ts'
import { almanac, everything, smallSite, temporaryFolder } from './terminal.ts'

const CANARY = 'canary-of-a-secret-3f9a'

let sim: Simulator
let folder: Awaited<ReturnType<typeof temporaryFolder>>
let count = 0
beforeAll(async () => {
  folder = await temporaryFolder()
  sim = await smallSite('2026-11-01')
})
afterAll(async () => {
  await sim.close()
  await folder.remove()
})

const newPath = (): string => join(folder.path, `${count++}.json`)
const env = () => ({ TABLEAU_PAT_SECRET: sim.patSecret, CANARY })
const flags = (path: string, more: Readonly<Record<string, string>> = {}): string[] =>
  Object.entries({
    config: path,
    server: sim.url,
    'tableau-site': sim.site,
    'pat-name': sim.patName,
    owner: 'BI platform',
    ...more,
  }).map(([name, value]) => `--${name}=${value}`)
const init = (path: string, more?: Readonly<Record<string, string>>, ...args: string[]) =>
  almanac(['init', ...flags(path, more), ...args], env())
const written = async (path: string) => JSON.parse(await readFile(path, 'utf8'))

describe('init without a terminal', () => {
  test('tests the sign-in and writes the file, with the schema beside it and no secret in it', async () => {
    const path = newPath()
    const { exit, out, err } = await init(path)
    expect([exit, out]).toEqual([0, ''])
    expect(err).toMatch(/^signed in to site demo on http:.* with the site role SiteAdministratorCreator\n/)
    expect(err).toContain('almanac doctor')
    expect(await written(path)).toEqual({
      $schema: './almanac.config.schema.json',
      owner: 'BI platform',
      warehouse: './warehouse',
      sites: [
        {
          server: sim.url,
          site: 'demo',
          timeZone: expect.any(String),
          signIn: { kind: 'pat', name: sim.patName, secret: { env: 'TABLEAU_PAT_SECRET' } },
        },
      ],
    })
    expect(await readdir(folder.path)).toContain('almanac.config.schema.json')
    expect(sim.counters()['signOuts']).toBe(sim.counters()['signIns'])
  })

  test('the file works: a night runs by it', async () => {
    const path = newPath()
    await init(path, { warehouse: join(folder.path, 'night') })
    const args = ['nightly', '--config', path, '--date', '2026-11-01', '--select', 'groups']
    expect((await almanac(args, env())).exit).toBe(0)
  })

  test('takes server and site out of an address that was copied from the browser', async () => {
    const path = newPath()
    const more = { server: `${sim.url}/#/site/demo/home`, 'tableau-site': 'demo' }
    expect((await init(path, more)).exit).toBe(0)
    expect((await written(path)).sites[0]).toMatchObject({ server: sim.url, site: 'demo' })
  })

  test('takes what the environment says', async () => {
    const path = newPath()
    const variables = {
      TABLEAU_SERVER_URL: sim.url,
      TABLEAU_SITE_ID: sim.site,
      TABLEAU_PAT_NAME: sim.patName,
      ALMANAC_OWNER: 'BI',
    }
    expect((await almanac(['init', '--config', path], { ...env(), ...variables })).exit).toBe(0)
    expect((await written(path)).owner).toBe('BI')
  })

  test('names every flag that is missing, and writes nothing', async () => {
    const path = newPath()
    const { exit, err } = await almanac(['init', '--config', path])
    expect(exit).toBe(2)
    expect(err).toBe(
      'error usage: nobody is there to ask, and these are missing: --server <url>, --pat-name <name>, --owner <who>\nnext: Give them as flags, or run "almanac init" on a terminal.\n',
    )
    await expect(readFile(path)).rejects.toThrow('ENOENT')
  })

  test.each([
    ['a secret where its place is expected', { secret: CANARY }, /^error usage: --secret takes a place/],
    [
      'an unknown way to sign in',
      { 'sign-in': 'magic' },
      /^error usage: .*--sign-in.*magic.*pat, connected-app, uat, password/,
    ],
    ['a zone that is none', { 'time-zone': 'Europe/Berln' }, /sites\[0\]\.timeZone: "Europe\/Berln"/],
    ['a webhook without a kind', { notify: 'env:HOOK' }, /^error usage: --notify takes a kind/],
    ['a slug that is none', { slug: 'No Slug' }, /sites\[0\]\.slug/],
    [
      'a secret that is not there',
      { secret: 'env:NOT_THERE' },
      /^error secret-missing: environment variable NOT_THERE/,
    ],
    ['the wrong secret', { secret: 'env:CANARY' }, /^error sign-in-refused: /],
    ['an address where nobody is', { server: 'http://127.0.0.1:1' }, /^error unreachable: /],
    [
      'a password for Tableau Cloud',
      { 'sign-in': 'password', user: 'x', server: '10ax.online.tableau.com' },
      /multi-factor|Cloud/,
    ],
  ])('%s is named, and writes nothing', async (_, more, message) => {
    const path = newPath()
    const { exit, err } = await init(path, more)
    expect(exit).toBeGreaterThan(0)
    expect(err).toMatch(message)
    expect(err).not.toContain(CANARY)
    await expect(readFile(path)).rejects.toThrow('ENOENT')
  })

  test('writes it unchecked where that is asked for', async () => {
    const path = newPath()
    const { exit, err } = await init(path, { server: 'https://tableau.example.com' }, '--unchecked')
    expect(exit).toBe(0)
    expect(err).toMatch(/^the sign-in was not tested\n/)
  })

  test('adds a site to a file that is there, and leaves what it said', async () => {
    const path = newPath()
    await init(path)
    const more = { slug: 'again', owner: 'Sales', notify: 'slack=env:SLACK', 'ca-file': 'ca.pem' }
    const { exit, err } = await init(path, { ...more, server: 'https://other.example.com' }, '--unchecked')
    expect(err).toMatch(/has the site again now/)
    expect(exit).toBe(0)
    const { owner, sites } = await written(path)
    expect([owner, sites.length]).toEqual(['BI platform', 2])
    expect(sites[1]).toMatchObject({
      slug: 'again',
      owner: 'Sales',
      caFile: 'ca.pem',
      notify: [{ kind: 'slack', url: { env: 'SLACK' } }],
    })
  })

  test('refuses the same site twice, and leaves the file as it was', async () => {
    const path = newPath()
    await init(path)
    const before = await readFile(path, 'utf8')
    const { exit } = await init(path)
    expect(exit).toBe(2)
    expect(await readFile(path, 'utf8')).toBe(before)
  })

  test('refuses a file that is wrong, and leaves it as it was', async () => {
    const path = newPath()
    await writeFile(path, '{ "sites": [] }')
    const { exit, err } = await init(path)
    expect(exit).toBe(2)
    expect(err).toMatch(/^error bad-configuration: .*json:1:12 sites: /)
    expect(await readFile(path, 'utf8')).toBe('{ "sites": [] }')
  })
})

const ESCAPE = String.fromCharCode(27)

/** Answers the questions as they are asked, one line each; gives what was shown. */
async function conversation(
  path: string,
  answers: readonly string[],
): Promise<{ exit: number; shown: string }> {
  const input = Object.assign(new PassThrough(), { isTTY: true })
  const waiting = [...answers]
  const pieces: string[] = []
  const answer = (): void => {
    const next = waiting.shift()
    if (next === undefined) input.end()
    else input.write(`${next}\n`)
  }
  const err = new Writable({
    write: (chunk, _, done) => {
      const piece = String(chunk)
      everything.push(piece)
      // A line editor that has asked puts the cursor behind the question.
      const isAsked = pieces.at(-1)?.endsWith(': ') === true && piece.startsWith(`${ESCAPE}[`)
      pieces.push(piece)
      if (isAsked) answer()
      done()
    },
  })
  const io = {
    out: err,
    err,
    env: env(),
    outColumns: 200,
    errColumns: 200,
    onInterrupt: () => () => undefined,
    exit: () => undefined,
  }
  const exit = await initCommand(() => input)
    .run({ args: [], options: { config: path }, io })
    .catch((error: { exit: number; message: string }) => {
      pieces.push(error.message)
      return error.exit
    })
  return { exit, shown: pieces.join('') }
}

describe('init on a terminal', () => {
  test('asks one thing after the other, and takes what it suggests for an empty line', async () => {
    const path = newPath()
    const typed = [
      `${sim.url}/#/site/demo/home`,
      '',
      '',
      sim.patName,
      '',
      'Europe/Berlin',
      '',
      'BI platform',
      '',
    ]
    const { exit, shown } = await conversation(path, typed)
    expect(exit, shown).toBe(0)
    expect(shown).toContain('[demo]')
    expect(shown).toContain('[env:TABLEAU_PAT_SECRET]')
    expect((await written(path)).sites[0]).toMatchObject({ site: 'demo', timeZone: 'Europe/Berlin' })
  })

  test('asks again for a choice that there is none of', async () => {
    const { shown } = await conversation(newPath(), [sim.url, 'demo', 'magic', 'pat', ''])
    // Each question is shown once when asked; the editor draws it again as it is typed to.
    expect(shown.split('How to sign in').length - 1).toBe(2)
  })

  test('asks again for what has no suggestion', async () => {
    const { shown } = await conversation(newPath(), ['', '', sim.url])
    expect(shown.split('Address of Tableau').length).toBeGreaterThan(3)
  })

  test('writes nothing when the input ends', async () => {
    const path = newPath()
    const { exit, shown } = await conversation(path, [sim.url])
    expect([exit, shown]).toEqual([2, expect.stringContaining('the input ended')])
    await expect(readFile(path)).rejects.toThrow('ENOENT')
  })

  test.each([
    ['n', 1, false],
    ['y', 0, true],
  ])('asks whether to write what did not work, and takes "%s"', async (answer, exit, isWritten) => {
    const path = newPath()
    const typed = [sim.url, 'demo', '', 'another-name', '', '', '', 'BI platform', '', answer]
    const result = await conversation(path, typed)
    expect(result.exit, result.shown).toBe(exit)
    expect(result.shown).toContain('sign-in-refused')
    expect((await readdir(folder.path)).includes(path.split('/').at(-1) ?? '')).toBe(isWritten)
  })
})

test('every question is a flag with its own name', () => {
  const names = QUESTIONS.map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
})

test('no secret was shown or written', async () => {
  const files = await Promise.all(
    (await readdir(folder.path))
      .filter((name) => name.endsWith('.json'))
      .map((name) => readFile(join(folder.path, name), 'utf8')),
  )
  for (const text of [...everything, ...files])
    for (const secret of [CANARY, sim.patSecret]) expect(text).not.toContain(secret)
})
