import { diskStore } from '../../lib/adapters/local/store.ts'
import type { Cell, Row } from '../../lib/core/column.ts'
import type { Entity } from '../../lib/core/entity.ts'
import { keys } from '../../lib/core/keys.ts'
import { jsonBytes } from '../../lib/core/receipt.ts'
import type { RunReport } from '../../lib/core/report.ts'
import { candidateColumns, PARENT_VERDICT, shapeOf } from '../../lib/core/shape.ts'
import type { Verdict } from '../../lib/core/verdict.ts'
import { entityNamed } from '../../lib/entities/index.ts'
import { load } from '../../lib/load/load.ts'
import type { Engine } from '../../lib/transform/engine.ts'
import { land } from '../load/land.ts'

type Cells = Readonly<Record<string, Cell>>

/** What was read of an entity, by site and day. */
type Nights<T> = Readonly<Record<string, Readonly<Record<string, T>>>>

/** Two sites with namesakes: `main` has a gap, the 30th, and `lag` was last read ten days before it. */
export const VIEWS_READ: Nights<Readonly<Record<string, readonly [name: string, opened: number]>>> = {
  main: {
    '2026-10-20': { v1: ['Sales', 5], v2: ['Sales', 1], v4: ['Calm', 0], v5: ['Calm', 3] },
    '2026-10-29': { v1: ['Sales', 5], v2: ['Sales', 31], v4: ['Quiet', 0], v5: ['Gone', 3] },
    '2026-10-31': { v1: ['Sales', 5], v2: ['Sales', 39], v4: ['Quiet', 0] },
    '2026-11-01': { v1: ['Sales', 5], v2: ['Sales', 40], v4: ['Quiet', 0], v3: ['Fresh', 7] },
  },
  lag: {
    '2026-10-18': { v1: ['Sales', 2], v6: ['Idle', 4] },
    '2026-10-19': { v1: ['Sales', 2], v6: ['Idle', 4] },
    '2026-10-20': { v1: ['Sales', 6], v6: ['Idle', 4] },
  },
}

/** Groups by id. `made` was made after members were read for the last time. */
const GROUPS_READ: Nights<Readonly<Record<string, string>>> = {
  main: {
    '2026-10-29': { all: 'All Users', empty: 'Team', refused: 'Team', unread: 'Board', shut: 'Closed' },
    '2026-10-31': { all: 'All Users', empty: 'Team', refused: 'Team', unread: 'Board' },
    '2026-11-01': { all: 'All Users', empty: 'Team', refused: 'Team', unread: 'Board', made: 'Made' },
  },
  lag: { '2026-10-20': { all: 'All Users', empty: 'Team', idle: 'Idle' } },
}

/** Who was in each group, or why that was not read. */
const MEMBERS_READ: Nights<Readonly<Record<string, readonly string[] | 'forbidden' | 'not_read'>>> = {
  main: {
    '2026-10-29': {
      all: ['ann', 'bob'],
      empty: [],
      refused: 'forbidden',
      unread: [],
      stale: ['dee'],
      late: 'forbidden',
      shut: ['ann'],
    },
    '2026-10-31': {
      all: ['bob', 'cy'],
      empty: [],
      refused: 'forbidden',
      unread: 'not_read',
      stale: 'not_read',
      late: ['eve'],
    },
  },
  lag: { '2026-10-20': { all: ['ann'], empty: ['ann'], idle: [] } },
}

/** Users by id. Three went for good and two returned, one of whom went again. */
const USERS_READ: Nights<Readonly<Record<string, string>>> = {
  main: {
    '2026-10-28': { ann: 'ann', bob: 'bob', cy: 'cy', dee: 'dee', fay: 'fay' },
    '2026-10-29': { ann: 'ann', dee: 'dee' },
    '2026-10-31': { ann: 'ann', bob: 'bob', cy: 'cy' },
    '2026-11-01': { ann: 'ann', bob: 'bob' },
  },
  lag: { '2026-10-19': { ann: 'ann', bob: 'bob' }, '2026-10-20': { bob: 'bob' } },
}

/** The owner of each workbook. */
const WORKBOOKS_READ: Nights<Readonly<Record<string, string>>> = {
  main: { '2026-11-01': { w1: 'ann', w2: 'bob', w3: 'cy', w4: 'cy', w5: 'dee' } },
  lag: { '2026-10-20': { w1: 'ann', w2: 'bob' } },
}

/** Who may grant permissions in each project. */
const PROJECTS_READ: Nights<Readonly<Record<string, string>>> = {
  main: {
    '2026-10-29': { opened: 'LockedToProject', narrowed: 'LockedToProject', shut: 'ManagedByOwner' },
    '2026-10-31': {
      opened: 'ManagedByOwner',
      narrowed: 'LockedToProjectWithoutNested',
      shut: 'LockedToProject',
    },
  },
}

/** What each run came to: site, day, run, entity, verdict. */
const RUNS: readonly (readonly [string, string, string, string, Verdict])[] = [
  ['main', '2026-10-30', 'first', 'users', 'incomplete'],
  ['main', '2026-10-31', 'first', 'users', 'incomplete'],
  ['main', '2026-10-31', 'again', 'users', 'complete'],
  ['main', '2026-10-31', 'whole', 'jobs', 'unsupported'],
  ['lag', '2026-10-31', 'first', 'users', 'forbidden'],
]

/** A row as it is landed: every column of the entity, null where nothing is said. */
function rowOf(entity: Entity, cells: Cells): Row {
  const blank = candidateColumns(shapeOf(entity)).map(({ name }) => [name, null] as const)
  return { ...Object.fromEntries(blank), ...cells }
}

function memberRows(read: readonly string[] | string, group_id: string): readonly Cells[] {
  if (typeof read === 'string') return [{ group_id, [PARENT_VERDICT]: read }]
  return [{ group_id, [PARENT_VERDICT]: 'read' }, ...read.map((user_id) => ({ group_id, user_id }))]
}

async function loadAll<T>(
  root: string,
  engine: Engine,
  name: string,
  nights: Nights<Readonly<Record<string, T>>>,
  cellsOf: (read: T, id: string) => readonly Cells[],
): Promise<void> {
  const [store, entity] = [diskStore(root), entityNamed(name)]
  for (const [site, days] of Object.entries(nights)) {
    for (const [dt, read] of Object.entries(days)) {
      const rows = Object.entries(read).flatMap(([id, each]) => cellsOf(each, id))
      const facts = rows.filter((row) => (row[PARENT_VERDICT] ?? null) === null).length
      const landed = rows.map((cells) => rowOf(entity, cells))
      await land(store, entity, dt, landed, { site, facts })
      const { held } = await load(store, engine, entity, site, `load-${dt}`)
      if (held.length > 0) throw new Error(JSON.stringify(held))
    }
  }
}

/** A site whose users were read with their full names, and then without: `jon` has none, and `kim` came on the night without. */
async function loadUnknown(root: string, engine: Engine): Promise<void> {
  const users = entityNamed('users')
  const nights = { '2026-10-29': ['ida', 'jon'], '2026-10-30': ['ida', 'jon', 'kim'] }
  for (const [dt, ids] of Object.entries(nights)) {
    const missing = dt === '2026-10-29' ? [] : ['full_name']
    const rows = ids.map((id) =>
      rowOf(users, {
        id,
        name: id,
        site_role: 'Viewer',
        full_name: id === 'ida' && missing.length === 0 ? 'Ida' : null,
      }),
    )
    await land(diskStore(root), users, dt, rows, { site: 'quiet', missing })
    await load(diskStore(root), engine, users, 'quiet', `load-${dt}`)
  }
}

const outcomeOf = (entity: string, verdict: Verdict): RunReport['outcomes'][number] => ({
  entity,
  verdict,
  expected: null,
  fetched: 0,
  duplicates: 0,
  new: null,
  changed: null,
  gone: null,
  calls: 1,
  retries: 0,
  milliseconds: 1,
  candidate: null,
  already: false,
  reason: verdict === 'complete' ? null : 'said why',
})

async function reportRuns(root: string): Promise<void> {
  for (const [site, dt, run, entity, verdict] of RUNS) {
    const report: RunReport = {
      format: 1,
      site,
      dt,
      run,
      server: null,
      apiVersion: null,
      startedAt: 0,
      endedAt: 1,
      outcomes: [outcomeOf(entity, verdict)],
      failure: null,
    }
    await diskStore(root).write(keys.run(site, dt, run), jsonBytes(report), 'absent')
  }
}

/** Loads everything above into a folder, as nights would have. */
export async function loadSmallSites(root: string, engine: Engine): Promise<void> {
  await loadAll(root, engine, 'views', VIEWS_READ, ([name, opened], id) => [
    { id, name, workbook_id: 'w', total_view_count: BigInt(opened) },
  ])
  await loadAll(root, engine, 'groups', GROUPS_READ, (name, id) => [{ id, name }])
  await loadAll(root, engine, 'group_members', MEMBERS_READ, memberRows)
  await loadAll(root, engine, 'users', USERS_READ, (name, id) => [{ id, name, site_role: 'Viewer' }])
  await loadAll(root, engine, 'workbooks', WORKBOOKS_READ, (owner_id, id) => [{ id, name: id, owner_id }])
  await loadAll(root, engine, 'projects', PROJECTS_READ, (content_permissions, id) => [
    { id, name: id, content_permissions },
  ])
  await loadUnknown(root, engine)
  await reportRuns(root)
}
