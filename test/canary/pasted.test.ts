import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { COMMANDS } from '../../lib/cli/commands.ts'
import { errorText } from '../../lib/cli/failure.ts'
import { SITE_VARIABLES } from '../../lib/config/environment.ts'
import { type Simulator, startSimulator } from '../../lib/simulator/server.ts'
import { almanac, environmentOf, temporaryFolder } from '../cli/terminal.ts'
import { placesIn, print, put, SIGN_INS, wholeFile } from '../config/sample.ts'
import { figure, someOf } from '../guarantees/proof.ts'
import { hitText, scanWorld } from './scan.ts'
import { mintOf } from './secrets.ts'
import { type Canary, SPELLINGS } from './spellings.ts'
import { forgetSecrets } from './visit.ts'

// Nothing is replaced: it overhears every error with its stack and its causes.
vi.mock('../../lib/cli/failure.ts', { spy: true })

const mint = mintOf(process.env['ALMANAC_SEED'] ?? 'pasted')
const secret = (name: string, length = 24): string => mint.plain(name, length).value
const pem = Array.from({ length: 4 }, (_, line) => secret(`line ${line}`, 64))

/** A secret as it is pasted, and what of it must not show. */
interface Pasted {
  readonly text: string
  readonly secrets: readonly string[]
}

const pasted = (text: string, ...secrets: readonly string[]): Pasted => ({ text, secrets })
const web = [secret('a claim', 60), secret('a signature', 43)] as const

/** Secrets of the looks by which they are known. */
const FORMS: Readonly<Record<string, Pasted>> = {
  'a token’s secret': pasted(
    `${secret('first', 22)}==:${secret('second', 32)}`,
    secret('first', 22),
    secret('second', 32),
  ),
  'a connected app’s secret': pasted(`${secret('app', 43)}=`, secret('app', 43)),
  'a private key': pasted(
    ['-----BEGIN PRIVATE KEY-----', ...pem, '-----END PRIVATE KEY-----', ''].join('\n'),
    ...pem,
  ),
  'a webhook of Slack': pasted(`https://hooks.slack.com/services/T0/B0/${secret('slack')}`, secret('slack')),
  'a webhook of Teams': pasted(
    `https://x.webhook.office.com/webhookb2/${secret('teams')}?sig=${secret('sig')}`,
    secret('teams'),
    secret('sig'),
  ),
  'a web token': pasted(`eyJhbGciOiJIUzI1NiJ9.${web.join('.')}`, ...web),
  'an address with a password': pasted(
    `http://svc:${secret('proxy')}@proxy.example.com:3128`,
    secret('proxy'),
  ),
}
/** One that looks like nothing, and is known because a variable of a secret's name holds it. */
const { value: KNOWN } = mint.special('known by its variable')
const CANARIES: readonly Canary[] = [...Object.values(FORMS).flatMap(({ secrets }) => secrets), KNOWN].map(
  (value, i) => ({ name: `secret ${i}`, value }),
)
const TEXTS = [...Object.values(FORMS).map(({ text }) => text), KNOWN]
const turn = (n: number): string => TEXTS[n % TEXTS.length] ?? ''
/** The nth by its looks alone. */
const byLooks = (n: number): string => TEXTS[n % (TEXTS.length - 1)] ?? ''

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let sim: Simulator
const before = process.cwd()
beforeAll(async () => {
  folder = await temporaryFolder()
  sim = await startSimulator({ counts: { users: 5, groups: 2, projects: 2, workbooks: 3, views: 2 } })
  for (const name of ['tmp', 'made', 'given']) await mkdir(join(folder.path, name))
  process.chdir(join(folder.path, 'made'))
  vi.stubEnv('TMPDIR', join(folder.path, 'tmp'))
})
afterAll(async () => {
  process.chdir(before)
  vi.unstubAllEnvs()
  await sim.close()
  await folder.remove()
})

const count = { calls: 0, places: 0, hits: 0, used: new Set<string>() }
const environment = (): Record<string, string> => ({ ...environmentOf(sim), AWS_SECRET_ACCESS_KEY: KNOWN })

/** Runs calls, and finds nothing of a secret in what they said, wrote and left. */
async function showsNothing(calls: readonly (readonly string[])[], env = environment()): Promise<void> {
  vi.mocked(errorText).mockClear()
  const texts: Record<string, string> = {}
  for (const args of calls) {
    forgetSecrets()
    const { out, err } = await almanac(args, env)
    count.used.add(args[0] ?? '')
    const secretless = args.map((text) =>
      CANARIES.some(({ value }) => text.includes(value)) ? 'SECRET' : text,
    )
    texts[`call ${count.calls++}: ${secretless.join(' ')}`] = `${out}\n${err}`
  }
  const thrown = vi.mocked(errorText).mock.calls.map(([error]) => error)
  const { hits, unread, places } = await scanWorld(CANARIES, {
    texts,
    values: Object.fromEntries(thrown.map((error, i) => [`error ${i}: ${error.code}`, error])),
    folders: [join(folder.path, 'made'), join(folder.path, 'tmp')],
  })
  count.places += places
  count.hits += hits.length
  expect(unread).toEqual([])
  expect(hits.map(hitText)).toEqual([])
}

/** What the command needs besides, so that it comes to look at what was pasted. */
const ARGUMENTS: Readonly<Record<string, string>> = {
  '<entity>': 'users',
  '<what>': 'x',
  '<from>': '2026-11-01',
  '<to>': '2026-11-02',
  '<file...>': 'nothing.xml',
  '[sql]': 'SELECT 1',
}

describe.each(COMMANDS.map((command) => [command.name, command] as const))('%s', (name, command) => {
  const args = command.args.map((each) => ARGUMENTS[each.name] ?? 'x')
  const texts = someOf(TEXTS, 3, COMMANDS.indexOf(command))

  test('repeats no secret that is given for an option, and does nothing with it', async () => {
    const valued = command.options.filter(({ flags }) => flags.includes('<'))
    const calls = valued.flatMap(({ flags }, i) => {
      const flag = flags.replace(/ .*/, '')
      return [
        [name, ...args, flag, turn(i)],
        [name, ...args, `${flag}=${turn(i + 3)}`],
      ]
    })
    await showsNothing(calls)
  })

  test('repeats no secret among its arguments, nor one for an option that is not there', async () => {
    const inPlace = args.flatMap((_, i) => texts.map((text) => [name, ...args.with(i, text)]))
    const extra = texts.flatMap((text) => [
      [name, ...args, '--debug', `--password=${text}`],
      [name, ...args, '--token', text],
      [name, ...args, text, text],
    ])
    await showsNothing([...inPlace, ...extra])
  })
})

test('a secret as a command, and as an option of none', async () => {
  await showsNothing(TEXTS.flatMap((text) => [[text], [`--x=${text}`], ['help', text], ['--config', text]]))
})

test('a secret in any place of the configuration', async () => {
  const names = ['nightly', 'extract', 'doctor', 'discover', 'status', 'verify', 'init'] as const
  const files = Object.keys(SIGN_INS).map((kind) => wholeFile(kind))
  const places = files.flatMap((file) => placesIn(file).map((place) => ({ file, place })))
  const calls = places.map(async ({ file, place }, i) => {
    // What holds the secret is not searched for it.
    const path = join(folder.path, 'given', `${i}.json`)
    await writeFile(path, print(put(file, place, byLooks(i))))
    return [names[i % names.length] ?? 'status', '--config', path]
  })
  await showsNothing(await Promise.all(calls))
})

test('a secret in any variable', async () => {
  const names = [
    ...SITE_VARIABLES,
    'ALMANAC_CONFIG',
    'ALMANAC_OWNER',
    'TABLEAU_CA_FILE',
    'HTTPS_PROXY',
    'NO_PROXY',
  ]
  for (const [n, name] of names.entries())
    for (const form of [0, 1])
      await showsNothing([['discover'], ['doctor', '--output', 'json'], ['status', '--debug']], {
        ...environment(),
        [name]: byLooks(2 * n + form),
      })
})

afterAll(() => {
  // Every command was tried.
  expect(COMMANDS.map(({ name }) => name).filter((name) => !count.used.has(name))).toEqual([])
  figure('secret-canary-pasted', {
    calls: count.calls,
    secrets: CANARIES.length,
    spellings: SPELLINGS.length,
    'places searched': count.places,
    hits: count.hits,
  })
})
