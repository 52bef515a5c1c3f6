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
const appSecret = (): string => sim.connectedApp?.secret ?? ''
const env = () => ({
  TABLEAU_PAT_SECRET: sim.patSecret,
  TABLEAU_CONNECTED_APP_SECRET_VALUE: appSecret(),
  CANARY,
})
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

  test('leaves a schema that says the same, however it is laid out, and replaces any other', async () => {
    const schema = join(folder.path, 'almanac.config.schema.json')
    await init(newPath())
    const text = await readFile(schema, 'utf8')
    await writeFile(schema, JSON.stringify(JSON.parse(text)))
    await init(newPath())
    expect(await readFile(schema, 'utf8')).toBe(JSON.stringify(JSON.parse(text)))
    for (const other of ['{}', 'no JSON']) {
      await writeFile(schema, other)
      await init(newPath())
      expect(await readFile(schema, 'utf8')).toBe(text)
    }
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
    [
      'a secret where its place is expected',
      { secret: CANARY },
      /^error usage: --secret is no place where the secret is kept; it takes env:/,
    ],
    [
      'an unknown way to sign in',
      { 'sign-in': 'magic' },
      /^error usage: .*--sign-in.*magic.*pat, connected-app, uat, password/,
    ],
    [
      'a zone that is none',
      { 'time-zone': 'Europe/Berln' },
      /^error usage: --time-zone: "Europe\/Berln" is no IANA time zone; the nearest is "Europe\/Berlin"\n/,
    ],
    [
      'a webhook without a kind',
      { notify: 'env:HOOK' },
      /^error usage: --notify is no kind and place of a webhook/,
    ],
    ['a slug that is none', { slug: 'No Slug' }, /^error usage: --slug: /],
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
      /^error usage: --sign-in: "password" does not lead into .*Tableau Cloud/,
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
    const more = {
      slug: 'again',
      owner: 'Sales',
      notify: 'slack=env:SLACK',
      'ca-file': join(folder.path, 'ca.pem'),
    }
    const { exit, err } = await init(path, { ...more, server: 'https://other.example.com' }, '--unchecked')
    expect(err).toMatch(/has the site again now/)
    expect(exit).toBe(0)
    const { owner, sites } = await written(path)
    expect([owner, sites.length]).toEqual(['BI platform', 2])
    expect(sites[1]).toMatchObject({
      slug: 'again',
      owner: 'Sales',
      caFile: join(folder.path, 'ca.pem'),
      notify: [{ kind: 'slack', url: { env: 'SLACK' } }],
    })
  })

  test('refuses the same site twice, and leaves the file as it was', async () => {
    const path = newPath()
    await init(path)
    const before = await readFile(path, 'utf8')
    const { exit, err } = await init(path)
    expect(exit).toBe(2)
    expect(err).toContain(
      `error usage: --tableau-site: server and site are in ${path} already (slug "demo")\n`,
    )
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

  const FIRST = ['server', 'tableauSite', 'signIn']
  const LAST = ['secret', 'timeZone', 'warehouse', 'owner', 'notify']

  /** The questions of a conversation, in the order in which they were asked. */
  const askedIn = (shown: string): readonly string[] =>
    QUESTIONS.map(({ name, asks }) => ({ name, at: shown.indexOf(asks) }))
      .filter(({ at }) => at >= 0)
      .sort((one, other) => one.at - other.at)
      .map(({ name }) => name)

  test('asks of a connected app exactly what it needs, and signs in by it', async () => {
    const path = newPath()
    const { clientId = '', secretId = '' } = sim.connectedApp ?? {}
    const user = sim.world().users[0]?.name ?? ''
    const own = [clientId, secretId, user]
    const { exit, shown } = await conversation(path, [
      sim.url,
      'demo',
      'connected-app',
      ...own,
      '',
      'UTC',
      '',
      'BI platform',
      '',
    ])
    expect(exit, shown).toBe(0)
    expect(askedIn(shown)).toEqual([...FIRST, 'clientId', 'secretId', 'user', ...LAST])
    expect(shown).toContain('[env:TABLEAU_CONNECTED_APP_SECRET_VALUE]')
    expect(shown).toContain('signed in to site demo')
    expect((await written(path)).sites[0].signIn).toEqual({
      kind: 'connected-app',
      clientId,
      secretId,
      user,
      secret: { env: 'TABLEAU_CONNECTED_APP_SECRET_VALUE' },
    })
  })

  test.each([
    ['pat', ['patName']],
    ['uat', ['issuer', 'keyId', 'tenantId', 'user']],
    ['password', ['user']],
  ])('asks for %s exactly what it needs', async (kind, own) => {
    const typed = [sim.url, 'demo', kind, ...own.map((name) => `my-${name}`), '', 'UTC', '', 'BI', '', 'n']
    const { exit, shown } = await conversation(newPath(), typed)
    expect(exit, shown).toBeGreaterThan(0)
    expect(askedIn(shown)).toEqual([...FIRST, ...own, ...LAST])
    expect(shown).toContain('Write the file all the same?')
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

describe('init on a terminal, with answers that will not do', () => {
  const wrong = async (typed: readonly string[], why: string, again: string): Promise<string> => {
    const { exit, shown } = await conversation(newPath(), typed)
    // The input ends at the question that is asked again.
    expect([exit, shown]).toEqual([2, expect.stringContaining('the input ended')])
    expect(shown).toContain(why)
    expect(shown.slice(shown.indexOf(why))).toContain(again)
    return shown
  }
  const upToSecret = (): string[] => [sim.url, 'demo', 'pat', sim.patName]

  test('says at once why a server is none, and asks again', async () => {
    await wrong(['http://tableau.example.com'], 'is not encrypted', 'Address of Tableau')
  })
  test('says at once that Tableau Cloud takes no password', async () => {
    const typed = ['10ax.online.tableau.com', 'x', 'password']
    await wrong(typed, '"password" does not lead into', 'How to sign in')
  })
  test('says at once that a text is no reference, without it', async () => {
    const typed = [...upToSecret(), 'env:not_repeated']
    const shown = await wrong(typed, 'That is no name of an environment', 'Where the secret is kept')
    // The line editor shows it as it is typed.
    expect(shown.split('not_repeated').length - 1).toBe(1)
    await wrong(
      [...upToSecret(), 'x'],
      'That is no place where the secret is kept',
      'Where the secret is kept',
    )
  })
  test('says at once that a zone is none, and which is near', async () => {
    const typed = [...upToSecret(), '', 'Europe/Berln']
    await wrong(typed, '"Europe/Berln" is no IANA time zone; the nearest is "Europe/Berlin"', 'Time zone of')
  })
  test.each([
    ['env:HOOK', 'That is no kind and place'],
    ['mail=env:HOOK', '"mail" is none of slack, teams, json'],
  ])('says at once that %s tells nobody', async (notify, why) => {
    await wrong([...upToSecret(), '', 'UTC', '', 'BI', notify], why, 'Whom to tell')
  })

  test('goes on after a wrong answer, and loses none of the others', async () => {
    const path = newPath()
    const typed = ['ftp://x', sim.url, 'demo', '', sim.patName, '', 'Berln', 'UTC', '', 'BI platform', '']
    const { exit, shown } = await conversation(path, typed)
    expect(exit, shown).toBe(0)
    expect((await written(path)).sites[0]).toMatchObject({ server: sim.url, timeZone: 'UTC' })
  })

  test('tells of a site that is there already as soon as server and site are known', async () => {
    const path = newPath()
    await init(path)
    const { shown } = await conversation(path, [sim.url, 'demo'])
    expect(shown).toContain(`server and site are in ${path} already (slug "demo")\n`)
    expect(askedOnly(shown)).toEqual(['server', 'tableauSite'])
  })

  test('asks for a slug where the usual one is taken', async () => {
    const path = newPath()
    await init(path)
    const { shown } = await conversation(path, ['https://other.example.com', 'demo'])
    expect(shown).toContain(`"demo" is the slug of another site in ${path}`)
    expect(askedOnly(shown)).toEqual(['server', 'tableauSite', 'slug'])
  })

  test('ends at once for a file that is wrong, or a place that is none', async () => {
    const path = newPath()
    await writeFile(path, '{ "sites": [] }')
    for (const place of [path, join(folder.path, 'not', 'there.json'), join(path, 'below.json')]) {
      const { exit, shown } = await conversation(place, [])
      expect([exit, askedOnly(shown)]).toEqual([2, []])
    }
  })

  test('tells a failure once, and that nothing was written', async () => {
    const path = newPath()
    const typed = [sim.url, 'demo', '', 'another-name', '', '', '', 'BI platform', '', 'n']
    const { exit, shown } = await conversation(path, typed)
    expect(exit).toBe(1)
    expect(shown.split('sign-in-refused').length - 1).toBe(1)
    expect(shown.endsWith(`nothing was written to ${path}\n`), shown).toBe(true)
  })
})

const askedOnly = (shown: string): readonly string[] =>
  QUESTIONS.filter(({ asks }) => shown.includes(asks)).map(({ name }) => name)

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
    for (const secret of [CANARY, sim.patSecret, appSecret()]) expect(text).not.toContain(secret)
})
