import type { World } from '../../lib/simulator/facts.ts'
import type { PlainRow } from './site.ts'

/**
 * What a snapshot of each entity must hold, written down from Tableau's attribute names alone: neither the declarations'
 * paths nor the parser has a part in it.
 */

/** Attributes whose column is not simply their name in snake_case. */
const RENAMED: Readonly<Record<string, string>> = {
  size: 'size_mb',
  numUsers: 'usage_users',
  numCreators: 'usage_creators',
  numExplorers: 'usage_explorers',
  numViewers: 'usage_viewers',
  storage: 'usage_storage_mb',
}

/** Names that other entities hold, and what only a job's own page tells. */
const NOT_KEPT = new Set([
  'locationName',
  'type of job',
  'workbookId of job',
  'datasourceId of job',
  'notes of job',
])

const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

const INSTANT = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)Z$/
/** Texts that look like truth values to us and are none to Tableau: an open enumeration. */
const WORDS = new Set(['encrypt_extracts'])

function cellOf(column: string, value: unknown): unknown {
  if (value === undefined || (column === 'last_login' && value === '')) return null
  if (Array.isArray(value)) return value.toSorted()
  if (WORDS.has(column)) return String(value)
  const instant = typeof value === 'string' ? INSTANT.exec(value) : null
  return instant === null ? value : `${instant[1]} ${instant[2]}`
}

function rowOf(kind: string, fact: object): PlainRow {
  const cells: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(fact)) {
    if (NOT_KEPT.has(name) || NOT_KEPT.has(`${name} of ${kind}`)) continue
    const column = RENAMED[name] ?? snake(name)
    cells[column] = cellOf(column, value)
  }
  return cells
}

/** A project's names from the top down. */
function pathOf(world: World, id: string): readonly string[] {
  const project = world.projects.find((each) => each.id === id)
  if (project === undefined) return []
  const above = project.parentProjectId === undefined ? [] : pathOf(world, project.parentProjectId)
  return [...above, project.name]
}

const projectRow = (world: World, project: World['projects'][number]): PlainRow => {
  const path = pathOf(world, project.id)
  return { ...rowOf('project', project), path: path.join(' / '), depth: path.length }
}

/** The rows that a world has for each entity, without the columns that the simulated server knows nothing of. */
export const TRUTH: Readonly<Record<string, (world: World) => readonly PlainRow[]>> = {
  site: ({ site }) => [rowOf('site', site)],
  users: ({ users }) => users.map((each) => rowOf('user', each)),
  groups: ({ groups }) => groups.map((each) => rowOf('group', each)),
  group_members: ({ memberships, day }) =>
    memberships.map(({ groupId, userId }) => ({ group_id: groupId, user_id: userId, observed_on: day })),
  projects: (world) => world.projects.map((each) => projectRow(world, each)),
  workbooks: ({ workbooks }) => workbooks.map((each) => rowOf('workbook', each)),
  views: ({ views }) => views.map((each) => rowOf('view', each)),
  datasources: ({ datasources }) => datasources.map((each) => rowOf('datasource', each)),
}

/** Jobs as the list of a day tells them. */
export const jobsOf = ({ jobs }: World): readonly PlainRow[] => jobs.map((each) => rowOf('job', each))
