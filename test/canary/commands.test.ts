import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { afterAll, expect, test, vi } from 'vitest'
import { COMMANDS } from '../../lib/cli/commands.ts'
import { errorText } from '../../lib/cli/failure.ts'
import { figure, limitFor } from '../guarantees/proof.ts'
import { SAYS, type Say } from './echoes.ts'
import { DAY, type House, KINDS, type Kind, openHouse } from './house.ts'
import { type Hit, hitText, scanWorld } from './scan.ts'
import { mintOf } from './secrets.ts'
import { type Canary, SPELLINGS } from './spellings.ts'
import { echoed, openVisit, refusingBucket, simulatorOnce, type Visit } from './visit.ts'

// Nothing is replaced: it overhears every error with its stack and its causes, of which the terminal shows two lines.
vi.mock('../../lib/cli/failure.ts', { spy: true })

const DAYS = [DAY, '2026-11-02', '2026-11-03', '2026-11-04', '2026-11-05'] as const
const FIXTURE = resolve(import.meta.dirname, '../fixtures/entities/users.xml')
const [BUCKET, FOLDER] = ['s3://warehouse/nights', 'warehouse']

/** Who is told what: everything of one place, run in order. */
interface Tour {
  readonly house: House
  readonly visit: Visit
  /** A command on the configuration and the warehouse. */
  on(what: string, exit: number, ...args: readonly string[]): ReturnType<Visit['run']>
  night(what: string, exit: number, day: string, ...more: readonly string[]): ReturnType<Visit['run']>
}

function tourOf(house: House, place: string): Tour {
  const visit = openVisit(house)
  const on: Tour['on'] = (what, exit, ...args) =>
    visit.run(what, exit, [...args, '--config', house.config, '--warehouse', place])
  return {
    house,
    visit,
    on,
    night: (what, exit, day, ...more) => {
      for (const kind of KINDS) house.sites[kind].sim.setDay(day)
      return on(what, exit, 'nightly', '--date', day, ...more)
    },
  }
}

/** Hostile answers, what the night ends with, and who is told which of its secrets in which spelling. */
const HOSTILE: readonly (readonly [name: string, exit: number, kind: Kind, say: Say | undefined])[] = [
  ['in a refused sign-in, to the sign-in', 1, 'pat', SAYS['plain']],
  ['in a refused sign-in, to the sign-in', 1, 'uat', SAYS['in part']],
  ['in a lost session, to any list', 3, 'app', SAYS['in XML']],
  ['in a lost session, to any list', 1, 'password', SAYS['backwards']],
  ['in HTML, to any list', 3, 'password', SAYS['in Base64']],
  ['in an error, to any list', 3, 'app', SAYS['in JSON']],
]

/** Nights that go well, and that are refused, cut off, held and badly told of. */
async function nights({ house, night }: Tour, hostile: number): Promise<void> {
  const { sites, hook } = house
  const ways = hostile === HOSTILE.length ? [] : ['--site', 'pat']
  await night('a good night', 0, DAYS[0], ...ways)
  await night('a good night as JSON', 0, DAYS[1], '--output', 'json', '--site', 'pat')
  sites.pat.sim.faults.set([{ kind: 'shrink', fraction: 0.3, match: { endpoint: 'workbooks' } }])
  await night('a night that is held', 3, DAYS[2], '--site', 'pat')
  sites.pat.sim.faults.clear()
  for (const [name, exit, kind, say = Buffer.from] of HOSTILE.slice(0, hostile)) {
    hook.isKind = !hook.isKind
    echoed(house, name, say)
    await night(`a night of ${kind}, ${name}`, exit, DAYS[3], '--debug', '--site', kind)
  }
  hook.isKind = true
  echoed(house, '')
}

/** Looks at the site, well and badly. */
async function looks({ house, visit, on }: Tour): Promise<void> {
  await on('doctor', 0, 'doctor', '--site', 'uat')
  await on('doctor with a test message', 0, 'doctor', '--notify-test', '--output', 'json', '--site', 'pat')
  house.hook.isKind = false
  await on('doctor with a refused message', 1, 'doctor', '--notify-test', '--site', 'app')
  house.hook.isKind = true
  await on('discover', 0, 'discover', '--site', 'password')
  const pat = house.sites.pat
  const init = (what: string, exit: number, ...more: readonly string[]) =>
    visit.run(what, exit, [
      ...['init', '--config', join(house.folder, `${what}.json`), '--owner', 'BI', '--pat-name', 'almanac'],
      ...['--server', pat.front.url, '--tableau-site', 'pat-site', '--secret', 'env:KEPT_PAT'],
      ...['--ca-file', house.config.replace('almanac.config.json', 'ca.pem'), ...more],
    ])
  await init('init', 0, '--notify', 'slack=env:KEPT_SLACK')
  echoed(house, 'in a refused sign-in, to the sign-in', SAYS['backwards'])
  await init('init refused', 1)
  await on('doctor refused', 1, 'doctor', '--site', 'pat')
  await on('discover refused', 1, 'discover', '--debug', '--site', 'pat')
  echoed(house, '')
}

/** The two halves of a night, corrections, and every question. */
async function questions({ house, visit, on }: Tour): Promise<void> {
  const pat = ['--site', 'pat'] as const
  const status = await on('status as JSON', 3, 'status', '--output', 'json')
  const held = JSON.parse(status.out).find((each: { held: unknown[] }) => each.held.length > 0)
  await on('accept', 0, 'accept', held.entity, '--sha', held.held[0].candidate, '--site', held.site)
  await on('withdraw', 0, 'withdraw', 'groups', '--date', DAYS[2], '--reason', 'a test', ...pat)
  await on('extract', 0, 'extract', '--date', DAYS[3], '--select', 'users', ...pat)
  await on('load', 0, 'load', '--select', 'users', ...pat)
  await on('rebuild', 0, 'load', '--rebuild', '--select', 'groups', ...pat)
  await on('status', 3, 'status')
  await on('verify', 0, 'verify')
  await on('query', 0, 'query', 'SELECT * FROM runs ORDER BY ALL', '--output', 'json')
  await on('query of entities', 0, 'query', 'SELECT * FROM run_entities', '--output', 'csv')
  await on('query that is wrong', 2, 'query', 'SELECT nothing FROM users', '--debug')
  const file = house.config.replace('almanac.config.json', 'app-secret.txt')
  await on('query for a secret', 2, 'query', `SELECT * FROM read_text('${file}')`)
  await on('export', 0, 'query', '--duckdb', join(house.folder, 'almanac.duckdb'))
  await on('history', 0, 'history', 'groups', 'All Users', ...pat)
  await on('diff', 0, 'diff', DAYS[0], DAYS[1], '--output', 'csv', ...pat)
  await visit.run('parse', 0, ['parse', 'users', FIXTURE])
  await visit.run('parse of a secret', 1, ['parse', 'users', file])
  await visit.run('a configuration that is a secret', 2, ['status', '--config', file])
}

/** What needs no site of the configuration. */
async function shows({ house, visit }: Tour): Promise<void> {
  await visit.run('demo', 0, ['demo', '--nights', '1', '--warehouse', 'demo'])
  await visit.run('simulator with a wrong port', 2, ['simulator', '--port', 'x'])
  await writeFile(join(house.folder, 'simulator.txt'), await simulatorOnce())
}

/** Every command of the warehouse when its bucket refuses, and says secrets as it does. */
async function refusals({ house, visit, night, on }: Tour): Promise<void> {
  refusingBucket(house)
  await night('a night without a bucket', 1, DAYS[4], '--debug')
  await on('doctor without a bucket', 1, 'doctor')
  for (const args of [
    ...[['status'], ['verify'], ['discover'], ['extract'], ['load'], ['query', 'SELECT 1']],
    ...[
      ['query', '--duckdb', 'none.duckdb'],
      ['history', 'groups', 'x'],
      ['diff', DAYS[0], DAYS[1]],
    ],
    ...[
      ['accept', 'groups', '--sha', '01234567'],
      ['withdraw', 'groups', '--date', DAY, '--reason', 'x'],
    ],
  ])
    await on(`${args[0]} without a bucket`, 1, ...args)
  await visit.run('demo without a bucket', 1, ['demo', '--nights', '1', '--warehouse', `${BUCKET}/demo`])
  house.bucket.faults.clear()
}

/** What a server must be told: Tableau the secret of a sign-in, S3 the session token. The way there needs none of them. */
const MUST_BE_TOLD: Readonly<Record<string, RegExp>> = {
  'what Tableau was asked': /^(PAT secret|app secret|password$|session token|a web token)/,
  'what AWS was asked': /^AWS session token$/,
}
const mustBeTold = ({ place, secret }: Hit): boolean => MUST_BE_TOLD[place]?.test(secret) === true

/** Harmless texts of the house that must show: its owner, a group, and a list that is read. */
const MARKERS: readonly Canary[] = ['BI platform', 'All Users', 'workbooks'].map((text) => ({
  name: `marker ${text}`,
  value: text,
}))
const isMarker = ({ secret }: Hit): boolean => secret.startsWith('marker ')

/** Where a marker must be found: a search that does not has lost a place. */
const MARKED: Readonly<Record<string, RegExp>> = {
  stdout: /^stdout /,
  stderr: /^stderr /,
  'a message': /^messages/,
  'the report of a run': /runs\/site=pat\/.*\.json$/,
  'cells of an object of Parquet': /(current|landing)\/.*\.parquet \(cells\)/,
}

/** Looks at everything that is left, and at everything that was sent to anybody. */
async function searched({ house, visit }: Tour) {
  const { bucket, folder, hook, kept, sites, proxies } = house
  const thrown = vi.mocked(errorText).mock.calls.map(([error]) => error)
  expect([thrown.length > 5, hook.bodies.length > 10]).toEqual([true, true])
  const asked = proxies.flatMap(({ asked: hosts, others }) => [...hosts, ...others])
  const requests = KINDS.flatMap((kind) => sites[kind].front.requests)
  return scanWorld([...house.canaries(), ...MARKERS], {
    texts: {
      ...visit.texts,
      messages: hook.bodies.join('\n'),
      'headers of messages': hook.heard.join('\n'),
      'what proxies were asked': asked.join('\n'),
      'what Tableau was asked': requests.join('\n'),
      'what AWS was asked': [...bucket.heard, ...kept.heard].join('\n'),
    },
    values: Object.fromEntries(thrown.map((error, i) => [`error ${i}: ${error.code}`, error])),
    folders: [folder],
    objects: [...bucket.objects].map(([key, { body }]) => [`object ${key}`, body] as const),
  })
}

const count = { runs: 0, places: 0, bytes: 0, secrets: 0, hits: 0 }
const used = new Set<string>()

test.each([
  ['a folder', FOLDER],
  ['a bucket', BUCKET],
])(
  'no command on %s shows a secret, whatever goes wrong',
  async (_, place) => {
    vi.mocked(errorText).mockClear()
    const house = await openHouse(mintOf(`${process.env['ALMANAC_SEED'] ?? 'commands'} ${place}`))
    const before = process.cwd()
    process.chdir(house.folder)
    try {
      const tour = tourOf(house, place)
      await nights(tour, place === BUCKET ? 2 : HOSTILE.length)
      await looks(tour)
      await questions(tour)
      await (place === BUCKET ? refusals(tour) : shows(tour))
      const { hits: found, unread, places, bytes } = await searched(tour)
      const [marked, hits] = [found.filter(isMarker), found.filter((hit) => !isMarker(hit))]
      const unmarked = Object.entries(MARKED).filter(([, at]) => !marked.some((hit) => at.test(hit.place)))
      expect(unmarked.map(([what]) => what)).toEqual([])
      const leaks = hits.filter((hit) => !mustBeTold(hit)).map(hitText)
      count.hits += leaks.length
      expect(unread).toEqual([])
      // Were nothing told where it must be, nothing was looked at.
      const told = new Set(hits.filter(mustBeTold).map((hit) => hit.place))
      expect(told.size).toBe(Object.keys(MUST_BE_TOLD).length)
      expect(leaks).toEqual([])
      for (const name of tour.visit.used) used.add(name)
      count.runs += tour.visit.runs()
      count.secrets += house.canaries().length
      count.places += places
      count.bytes += bytes
    } finally {
      process.chdir(before)
    }
  },
  limitFor(15, 15),
)

afterAll(() => {
  // Every command was run.
  expect(COMMANDS.map(({ name }) => name).filter((name) => !used.has(name))).toEqual([])
  figure('secret-canary', {
    'runs of commands': count.runs,
    commands: used.size,
    secrets: count.secrets,
    spellings: SPELLINGS.length,
    'places searched': count.places,
    'bytes searched': count.bytes,
    hits: count.hits,
  })
})
