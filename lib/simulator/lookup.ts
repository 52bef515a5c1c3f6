import type { Group, Project, User, View, Workbook, World } from './facts.ts'

/** A world's objects by id, each index made when first asked for. */
export type Lookup = {
  readonly world: World
  user(id: string): User | undefined
  group(id: string): Group | undefined
  project(id: string): Project | undefined
  workbook(id: string): Workbook | undefined
  viewsOf(workbookId: string): readonly View[]
  groupsOf(userId: string): readonly string[]
}

const lazily = <T>(make: () => T): (() => T) => {
  let made: { value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

const byId = <T extends { id: string }>(rows: readonly T[]): (() => ReadonlyMap<string, T>) =>
  lazily(() => new Map(rows.map((row) => [row.id, row])))

const grouped = <T>(pairs: Iterable<readonly [string, T]>): ReadonlyMap<string, T[]> => {
  const groups = new Map<string, T[]>()
  for (const [key, value] of pairs) {
    const list = groups.get(key)
    if (list === undefined) groups.set(key, [value])
    else list.push(value)
  }
  return groups
}

/** The indexes of a world. */
export const lookupOf = (world: World): Lookup => {
  const users = byId(world.users)
  const groups = byId(world.groups)
  const projects = byId(world.projects)
  const workbooks = byId(world.workbooks)
  const views = lazily(() => grouped(world.views.map((view) => [view.workbookId, view] as const)))
  const groupIds = lazily(() =>
    grouped(world.memberships.map((pair) => [pair.userId, pair.groupId] as const)),
  )
  return {
    world,
    user: (id) => users().get(id),
    group: (id) => groups().get(id),
    project: (id) => projects().get(id),
    workbook: (id) => workbooks().get(id),
    viewsOf: (id) => views().get(id) ?? [],
    groupsOf: (id) => groupIds().get(id) ?? [],
  }
}
