import { cp, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addDays } from '../../lib/core/day.ts'
import type { Pat } from '../../lib/simulator/door.ts'
import { type Simulator, startSimulator } from '../../lib/simulator/server.ts'
import { type Engine, openEngine } from '../../lib/transform/engine.ts'
import { hitText } from '../canary/scan.ts'
import { mintOf } from '../canary/secrets.ts'
import type { Canary } from '../canary/spellings.ts'
import { almanac, environmentOf } from '../cli/terminal.ts'
import { cases, figure, IS_FULL, limitFor } from '../guarantees/proof.ts'
import { diskFolder } from '../package/disk.ts'
import {
  acknowledgeReport,
  acknowledgeStatus,
  answerFaults,
  answersOf,
  type Kept,
  keptIn,
  neitherOldNorNew,
  SELECTED,
  unlike,
} from './kept.ts'
import { type ProgramEnd, runProgram, seeded, type Trigger } from './program.ts'
import { lostDays } from './strike.ts'
import { openLookout, type Told } from './told.ts'

const FIRST = '2026-11-01'
/** Commands are killed in a warehouse of as many days, which is copied for each. */
const EARLY = addDays(FIRST, 2)
const SEED = process.env['ALMANAC_SEED'] ?? 'kills'
const KILLS = cases('kills', { suite: 20, full: 40, largest: 200 })
/** Of all kills, those of nights; the others are shared by commands and by nights in company. */
const NIGHT_KILLS = Math.round(KILLS * 0.5)
const COMMAND_KILLS = Math.round(KILLS * 0.1)
const COMPANY_KILLS = Math.round(KILLS * 0.1)
const KILLS_A_DAY = IS_FULL ? 6 : 4

const count = {
  kills: 0,
  'acknowledged days': 0,
  lost: 0,
  'untrue answers': 0,
  'manual repairs': 0,
  'secrets told': 0,
}
/** The different warehouses that kills left behind. */
const shapes = new Set<string>()
let folder: string
let engine: Engine
let sim: Simulator
let undisturbed: Kept
let day = FIRST
let drawn = 0
const random = (): number => seeded(SEED, drawn++)
const below = (n: number): number => Math.floor(random() * n)

/** A dead run's session ends with its token's lease: the next run has a token of its own, as in a company of machines. */
const SECRETS: readonly Canary[] = Array.from({ length: 4 * KILLS + 50 }, (_, n) =>
  mintOf(SEED).special(`the secret of token-${n}`),
)
const PATS: readonly Pat[] = SECRETS.map(({ value }, n) => ({ name: `token-${n}`, secret: value }))
let used = 0
const lookout = openLookout()
/** What every warehouse holds and every report tells: a search that does not find it has lost a place. */
const MARKERS: readonly Canary[] = ['group_members', 'group_id'].map((value) => ({ name: value, value }))

beforeAll(async () => {
  folder = await diskFolder('kills')
  engine = await openEngine({ threads: 1 })
  sim = await startSimulator({
    seed: 'kills',
    day: FIRST,
    counts: {
      users: 40,
      groups: 4,
      projects: 3,
      workbooks: 6,
      views: 8,
      datasources: 3,
      jobsPerDay: 8,
      jobDays: 4,
    },
    morePats: PATS,
  })
  undisturbed = keptIn(join(folder, 'undisturbed'))
}, 120_000)
afterAll(async () => {
  await sim.close()
  await engine.close()
  await rm(folder, { recursive: true, force: true })
})

const NIGHT = ['nightly', '--select', SELECTED.join(), '--output', 'json', '--quiet']

const early = (): string => join(folder, 'early')

function newToken(): number {
  if (used === PATS.length) throw new Error(`all ${used} tokens are used`)
  return used++
}

const environmentWith = (token: number): Record<string, string> => ({
  ...environmentOf(sim),
  TABLEAU_PAT_NAME: PATS[token]?.name ?? '',
  TABLEAU_PAT_SECRET: PATS[token]?.secret ?? '',
})

/** A night of today in the shipped program, with a token that no other run ever had unless one is given. */
async function night({ root }: Kept, trigger?: Trigger, token = newToken()): Promise<ProgramEnd & Told> {
  const args = [...NIGHT, '--date', day]
  const end = await runProgram({ args, env: environmentWith(token), warehouse: root }, trigger)
  return { ...end, secret: SECRETS[token] ?? { name: '', value: '' } }
}

/** Finds nothing of the secrets of nights that ended, killed or not, in what they said and left. */
async function lookForSecrets({ root }: Kept, ...ended: readonly Told[]): Promise<void> {
  const { hits, unread } = await lookout(root, ended)
  count['secrets told'] += hits.length
  expect([hits.map(hitText), unread]).toEqual([[], []])
}

/** A warehouse of its own that goes on where the undisturbed one stands. */
async function branchOf(name: string): Promise<Kept> {
  const kept = keptIn(join(folder, name), undisturbed)
  if (undisturbed.acknowledged.size === 0) await mkdir(kept.root)
  else await cp(undisturbed.root, kept.root, { recursive: true })
  return kept
}

/** Goes to the next day, and reads it into the warehouse that nothing disturbs. */
async function nextDay(): Promise<void> {
  if (undisturbed.acknowledged.size > 0) day = addDays(day, 1)
  if (sim.day() !== day) sim.setDay(day)
  const { exit, out, err } = await almanac(
    [...NIGHT, '--date', day, '--warehouse', undisturbed.root],
    environmentOf(sim),
  )
  expect([day, exit, err]).toEqual([day, 0, ''])
  acknowledgeReport(undisturbed, out)
  if (day === EARLY) await cp(undisturbed.root, early(), { recursive: true })
}

/** What a run is like that nobody kills, so that kills are spread over it. */
interface Usual {
  readonly milliseconds: number
  readonly writes: number
}

/** Where objects of today's night come to stand, in the order in which they do. */
const todaysFolders = (): readonly string[] =>
  SELECTED.flatMap((entity) => {
    const at = `entity=${entity}/site=demo`
    const isEvent = entity === 'jobs'
    return [
      `landing/${at}/dt=${day}`,
      ...(isEvent ? ['observation', 'observation'] : ['candidate', 'manifest', 'snapshot']).map(
        (area) => `${area}/${at}/dt=${day}`,
      ),
      ...(isEvent ? [`event/${at}/month=${day.slice(0, 7)}`] : [`history/${at}`, `current/${at}`]),
    ]
  })

/** A moment of a night: by the clock, at one of its writes, or as something appears in one folder. */
function aMoment({ milliseconds, writes }: Usual, folders: readonly string[]): Trigger {
  const kind = below(3)
  if (kind === 0) return { milliseconds: milliseconds * (0.1 + random()) }
  if (kind === 1 || folders.length === 0) return { folder: '.tmp', names: 1 + below(writes) }
  return { folder: folders[below(folders.length)] ?? '.tmp', names: 1 + below(2) }
}

/** Which objects a warehouse has, whatever the run's name and their hashes. */
const shapeOf = async ({ store }: Kept): Promise<string> =>
  (await store.list('')).map(({ key }) => key.replace(/run=[^/]+|attempt=[^/]+|[0-9a-f]{64}/g, '')).join()

/** Looks at a warehouse right after a kill: what was acknowledged is there, and answers are old or new. */
async function lookAfterKill(
  kept: Kept,
  trigger: Trigger,
  answered = (): Promise<readonly string[]> => answerFaults(kept, sim),
): Promise<void> {
  count.kills++
  shapes.add(await shapeOf(kept))
  const lost = await lostDays(kept.store, [...kept.acknowledged])
  const untrue = await answered()
  count.lost += lost.length
  count['untrue answers'] += untrue.length
  expect([SEED, trigger, lost, untrue]).toEqual([SEED, trigger, [], []])
}

/** The night that comes next, by nobody told what happened: it ends well and heals. */
async function cleanNight(kept: Kept): Promise<void> {
  const ended = await night(kept)
  const { exit, out, err } = ended
  if (exit !== 0) count['manual repairs']++
  expect([day, exit, err]).toEqual([day, 0, ''])
  await lookForSecrets(kept, ended)
  acknowledgeReport(kept, out)
}

/** Finds in what a night said, wrote and packed what must be there, by the same search that finds no secret. */
async function expectMarkers({ root }: Kept, ended: Told): Promise<void> {
  const { hits } = await openLookout()(root, [ended], MARKERS)
  const found = (place: RegExp): boolean => hits.some((hit) => place.test(hit.place))
  const places = [/^stdout/, /^runs\/.*\.json$/, /^candidate\/.*\.parquet \(footer\)$/]
  expect(places.filter((place) => !found(place))).toEqual([])
}

async function expectLike(kept: Kept, other: Kept): Promise<void> {
  const differences = await unlike(kept, other, engine)
  count['manual repairs'] += differences.length
  expect(differences).toEqual([])
}

const isDayDone = ({ published }: Kept): boolean =>
  SELECTED.every((entity) => published.has(`${entity}/${day}`))

describe('the shipped program killed by SIGKILL', () => {
  test(
    `${NIGHT_KILLS} times in nights on end: no acknowledged day is lost, and the next night heals`,
    async () => {
      const kept = await branchOf('killed')
      await nextDay()
      const usual = await night(kept)
      expect(usual.exit).toBe(0)
      acknowledgeReport(kept, usual.out)
      await expectMarkers(kept, usual)
      const all = count.kills + NIGHT_KILLS
      while (count.kills < all) {
        await nextDay()
        for (let i = 0; i < KILLS_A_DAY && !isDayDone(kept) && count.kills < all; i++) {
          const trigger = aMoment(usual, todaysFolders())
          const ended = await night(kept, trigger)
          await lookForSecrets(kept, ended)
          if (ended.exit === null) await lookAfterKill(kept, trigger)
          else acknowledgeReport(kept, ended.out)
          await acknowledgeStatus(kept)
        }
        await cleanNight(kept)
      }
      count['acknowledged days'] += kept.acknowledged.size
      await expectLike(kept, undisturbed)
    },
    limitFor(30, 180),
  )

  test(
    `${COMPANY_KILLS} times beside another night of the same day: the other one ends well`,
    async () => {
      const kept = await branchOf('company')
      const before = count.kills
      while (count.kills < before + COMPANY_KILLS) {
        await nextDay()
        const trigger: Trigger = { folder: '.tmp', names: 2 + below(24) }
        const [first, second] = await Promise.all([night(kept, trigger), night(kept)])
        expect([second.exit, second.err]).toEqual([0, ''])
        acknowledgeReport(kept, second.out)
        await lookForSecrets(kept, first, second)
        if (first.exit === null) await lookAfterKill(kept, trigger)
      }
      count['acknowledged days'] += kept.acknowledged.size
      await cleanNight(kept)
      await expectLike(kept, undisturbed)
    },
    limitFor(15, 90),
  )

  test.runIf(IS_FULL)(
    'and followed by a night with the same token: that waits for the dead one’s lease, and heals',
    async () => {
      const kept = await branchOf('same-token')
      await nextDay()
      const token = newToken()
      const trigger: Trigger = { folder: '.tmp', names: 6 }
      const killed = await night(kept, trigger, token)
      expect(killed.exit).toBeNull()
      await lookForSecrets(kept, killed)
      await lookAfterKill(kept, trigger)
      const ended = await night(kept, undefined, token)
      expect([ended.exit, ended.err]).toEqual([0, ''])
      await lookForSecrets(kept, ended)
      await expectLike(kept, undisturbed)
    },
    limitFor(15, 90),
  )
})

const derived = ['snapshot', 'coverage', 'current', 'history', 'event']

/** A command that changes a warehouse, on one that is made for it. */
interface Command {
  readonly name: string
  /** Brings the warehouse to where the command is given. */
  prepare(root: string): Promise<unknown>
  args(root: string): Promise<readonly string[]>
  /** How it ends when nobody kills it: 3 where it tells of the held day of today. */
  readonly exit: 0 | 3
}

/** The SHA-256 of the first candidate of a day's users. */
async function candidateOf(root: string, dt: string): Promise<string> {
  const listed = await keptIn(root).store.list(`candidate/entity=users/site=demo/dt=${dt}/`)
  return /([0-9a-f]{64})\.parquet/.exec(listed.map(({ key }) => key).join())?.[1] ?? ''
}

/** The candidate of today's users, which the guard holds. */
async function heldCandidate(root: string): Promise<string> {
  const { out } = await almanac(['load', '--select', 'users', '--warehouse', root, '--output', 'json'])
  expect(out).toContain(day)
  return candidateOf(root, day)
}

const again = (): string => join(folder, 'again')

/** Reads the users of the last early day once more, and finds fewer of them: with that, the day can be corrected. */
async function readAgain(): Promise<void> {
  await cp(early(), again(), { recursive: true })
  sim.setDay(EARLY)
  sim.faults.set([{ kind: 'shrink', fraction: 0.9, match: { endpoint: 'users' } }])
  const args = ['extract', '--date', EARLY, '--select', 'users', '--quiet', '--warehouse', again()]
  const { exit, err } = await almanac(args, environmentWith(newToken()))
  sim.faults.clear()
  expect([exit, err]).toEqual([0, ''])
}

const COMMANDS: readonly Command[] = [
  {
    name: 'load --rebuild',
    prepare: (root) => Promise.all(derived.map((area) => rm(join(root, area), { recursive: true }))),
    args: async () => ['load', '--rebuild', '--select', SELECTED.join()],
    exit: 0,
  },
  {
    name: 'load --replace',
    prepare: (root) => cp(join(again(), 'landing'), join(root, 'landing'), { recursive: true }),
    args: async (root) => [
      ...['load', '--date', EARLY, '--select', 'users', '--reason', 'a test'],
      ...['--replace', await candidateOf(root, EARLY)],
    ],
    exit: 3,
  },
  {
    name: 'accept',
    prepare: async () => undefined,
    args: async (root) => ['accept', 'users', '--sha', await heldCandidate(root)],
    exit: 0,
  },
  {
    name: 'withdraw',
    prepare: async () => undefined,
    args: async () => ['withdraw', 'group_members', '--date', addDays(FIRST, 1), '--reason', 'a test'],
    exit: 0,
  },
]

/** Gives a command; one that says that all is done already leaves the rest to any load, as a person would. */
async function giveAgain(root: string, args: readonly string[], usual: number): Promise<void> {
  const { exit, err } = await almanac([...args, '--warehouse', root])
  if (exit === usual) return
  expect(err).toMatch(/^error (already-committed|not-found|stale-correction): /)
  const loaded = await almanac(['load', '--select', SELECTED.join(), '--warehouse', root])
  expect([0, 3]).toContain(loaded.exit)
}

describe('a command killed by SIGKILL', () => {
  let held: Kept
  beforeAll(async () => {
    while (!undisturbed.published.has(`users/${EARLY}`)) await nextDay()
    await readAgain()
    held = keptIn(early())
    await acknowledgeStatus(held)
    day = addDays(EARLY, 1)
    sim.setDay(day)
    sim.faults.set([{ kind: 'shrink', fraction: 0.3, match: { endpoint: 'users' } }])
    expect((await night(held)).exit).toBe(3)
    sim.faults.clear()
  })

  test.each(COMMANDS.map((command) => [command.name, command] as const))(
    `%s, ${COMMAND_KILLS} times: nothing is lost; given again it ends, or any load ends it`,
    async (name, { prepare, args, exit: expected }) => {
      const from = async (which: string): Promise<Kept> => {
        const kept = keptIn(join(folder, `${name}-${which}`), held)
        await cp(held.root, kept.root, { recursive: true })
        await prepare(kept.root)
        return kept
      }
      const clean = await from('clean')
      const usual = await runProgram({ args: await args(clean.root), warehouse: clean.root })
      expect(usual.exit).toBe(expected)
      const [old, changed] = [await answersOf((await from('old')).root), await answersOf(clean.root)]
      if (old === undefined || changed === undefined) throw new Error(`${name}: nothing can be asked`)
      const before = count.kills
      for (let i = 0; count.kills < before + COMMAND_KILLS; i++) {
        const kept = await from(String(i))
        const given = await args(kept.root)
        const trigger = aMoment(usual, [])
        const { exit } = await runProgram({ args: given, warehouse: kept.root }, trigger)
        if (exit !== null) continue
        await lookAfterKill(kept, trigger, () => neitherOldNorNew(kept.root, old, changed))
        await giveAgain(kept.root, given, expected)
        await expectLike(kept, clean)
      }
    },
    limitFor(15, 90),
  )
})

afterAll(() => {
  expect(count.kills).toBeGreaterThanOrEqual(NIGHT_KILLS + COMPANY_KILLS + COMMANDS.length * COMMAND_KILLS)
  const { kills, ...others } = count
  figure('kills', { kills, 'different warehouses left behind': shapes.size, ...others })
})
