import { diskStore } from '../../lib/adapters/local/store.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import type { Simulator } from '../../lib/simulator/server.ts'
import type { Engine } from '../../lib/transform/engine.ts'
import { almanac } from '../cli/terminal.ts'
import { derivedDifferences } from '../load/toy.ts'

/** The entities of a night that is killed: a list, one that is read parent by parent, and events. */
export const SELECTED = ['users', 'group_members', 'jobs'] as const

/** A warehouse on the disk, and `entity/day` of all that was ever said of it. */
export interface Kept {
  readonly root: string
  readonly store: ObjectStore
  /** What `status`, or a night that ended well, said to be complete: it is committed. */
  readonly acknowledged: Set<string>
  /** What a night that ended well said to be complete: it is published, too. */
  readonly published: Set<string>
}

/** A warehouse of which nothing was said yet, or as much as of the one that it is a copy of. */
export const keptIn = (root: string, of?: Kept): Kept => ({
  root,
  store: diskStore(root),
  acknowledged: new Set(of?.acknowledged),
  published: new Set(of?.published),
})

/** Keeps in mind what the report of a night that ended well says to be complete. */
export function acknowledgeReport({ acknowledged, published }: Kept, json: string): void {
  const { dt, outcomes } = JSON.parse(json)
  for (const { entity, verdict } of outcomes) {
    if (verdict !== 'complete') continue
    acknowledged.add(`${entity}/${dt}`)
    published.add(`${entity}/${dt}`)
  }
}

/** Keeps in mind the last complete days that `status` shows: those are committed, and published at the latest by the next load. */
export async function acknowledgeStatus({ acknowledged, root }: Kept): Promise<void> {
  const { out } = await almanac(['status', '--output', 'json', '--warehouse', root])
  if (out === '') return
  for (const { entity, last_complete_day: dt } of JSON.parse(out))
    if (dt !== null) acknowledged.add(`${entity}/${dt}`)
}

const QUESTION = `SELECT 'users' AS entity, CAST(dt AS VARCHAR) AS dt, count(*) AS n FROM users_snapshots GROUP BY dt
  UNION ALL SELECT 'group_members', CAST(dt AS VARCHAR), count(*) FROM group_members_snapshots GROUP BY dt
  UNION ALL SELECT 'users now', CAST(max(as_of) AS VARCHAR), count(*) FROM users
  UNION ALL SELECT 'group_members now', CAST(max(as_of) AS VARCHAR), count(*) FROM group_members
  UNION ALL SELECT 'doubled users', NULL, count(*) - count(DISTINCT (dt, id)) FROM users_snapshots
  UNION ALL SELECT 'doubled jobs', NULL, count(*) - count(DISTINCT id) FROM jobs`

/** What a warehouse answers, by what was asked: the day it is of (null for none) and how many rows there are. */
export type Answers = ReadonlyMap<string, { readonly dt: string | null; readonly n: number }>

/** Asks how many rows there are of each day and now. Undefined where there is no site to ask about yet. */
export async function answersOf(root: string): Promise<Answers | undefined> {
  const { exit, out } = await almanac(['query', QUESTION, '--output', 'json', '--warehouse', root])
  // What is committed and not published yet is told beside the answer.
  if (exit !== 0 && exit !== 3) return undefined
  const rows: { entity: string; dt: string | null; n: number }[] = JSON.parse(out)
  const nameOf = ({ entity, dt }: (typeof rows)[number]): string =>
    entity.includes(' ') ? entity : `${entity}/${dt}`
  return new Map(rows.map((row) => [nameOf(row), { dt: row.dt, n: Number(row.n) }]))
}

/** How many rows an answer should have: none where no day is meant. */
function truthOf(sim: Simulator, asked: string, dt: string | null): number {
  if (dt === null) return 0
  return asked.startsWith('users') ? sim.world(dt).users.length : sim.world(dt).memberships.length
}

/** What is answered although no day of the site was ever so, and which published days are not known. */
export async function answerFaults({ root, published }: Kept, sim: Simulator): Promise<readonly string[]> {
  const answers = await answersOf(root)
  if (answers === undefined) return published.size === 0 ? [] : ['query failed']
  const faults = [...answers]
    .filter(([asked, { dt, n }]) => n !== truthOf(sim, asked, dt))
    .map(([asked, { dt, n }]) => `${asked} of ${dt} has ${n} rows, and in truth ${truthOf(sim, asked, dt)}`)
  const unknown = [...published].filter((each) => !each.startsWith('jobs/') && !answers.has(each))
  return [...faults, ...unknown.map((each) => `query does not know ${each}`)]
}

/** What is answered as it was neither before a command nor is after it. */
export async function neitherOldNorNew(
  root: string,
  before: Answers,
  after: Answers,
): Promise<readonly string[]> {
  const now = (await answersOf(root)) ?? new Map()
  const is = (answers: Answers, asked: string): string => JSON.stringify(answers.get(asked) ?? null)
  return [...new Set([...now.keys(), ...before.keys(), ...after.keys()])]
    .filter((asked) => ![is(before, asked), is(after, asked)].includes(is(now, asked)))
    .map((asked) => `${asked}: ${is(now, asked)}`)
}

/** A published object that differs, as `derivedDifferences` tells it. */
interface Difference {
  readonly key: string
  readonly mine?: readonly Record<string, unknown>[]
  readonly theirs?: readonly Record<string, unknown>[]
}

/** Of events, when they were last seen depends on when they were read. */
const withoutTime = (rows: Difference['mine']): string =>
  JSON.stringify(rows?.map(({ observed_at: _, ...others }) => others))

/** Where a warehouse differs, row for row, from one that nothing disturbed; and what `verify` finds. */
export async function unlike(kept: Kept, other: Kept, engine: Engine): Promise<readonly unknown[]> {
  const differences = (await derivedDifferences(kept.store, other.store, engine)) as readonly Difference[]
  const real = differences.filter(
    ({ key, mine, theirs }) => !(key.startsWith('event/') && withoutTime(mine) === withoutTime(theirs)),
  )
  const { exit, out } = await almanac(['verify', '--warehouse', kept.root])
  return exit === 0 ? real : [...real, out]
}
