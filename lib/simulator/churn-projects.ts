import { dayName } from './calendar.ts'
import { makeProject } from './content.ts'
import { change, type Draft, momentOf } from './draft.ts'
import type { Project } from './facts.ts'
import { publisherOf } from './people.ts'
import { at, type Random, share } from './random.ts'

const DEEPEST = 4
const FEW_ITEMS = 12

const depthOf = (byId: ReadonlyMap<string, Project>, project: Project): number => {
  let depth = 1
  let parent = project.parentProjectId
  while (parent !== undefined) {
    depth += 1
    parent = byId.get(parent)?.parentProjectId
  }
  return depth
}

const indexById = (projects: readonly Project[]): Map<string, Project> =>
  new Map(projects.map((p) => [p.id, p]))

const isLeaf = (draft: Draft, id: string): boolean =>
  !draft.projects.some((project) => project.parentProjectId === id)

const nameIsFree = (draft: Draft, parentId: string | undefined, name: string): boolean =>
  !draft.projects.some((project) => project.parentProjectId === parentId && project.name === name)

/** A random project other than `default`, if there is one. */
const anyIndex = (draft: Draft, random: Random): number | undefined =>
  draft.projects.length < 2 ? undefined : 1 + random.below(draft.projects.length - 1)

const newParent = (draft: Draft, random: Random): Project | undefined => {
  const index = anyIndex(draft, random)
  if (index === undefined || random.chance(0.3)) return undefined
  const parent = at(draft.projects, index)
  return depthOf(indexById(draft.projects), parent) < DEEPEST ? parent : undefined
}

const addProject = (draft: Draft, random: Random): void => {
  const owner = publisherOf(draft, random)
  draft.projects.push(makeProject(draft, random, newParent(draft, random), owner.id, momentOf(draft, random)))
}

const move = (draft: Draft, random: Random, index: number): void => {
  const project = at(draft.projects, index)
  const parent = newParent(draft, random)
  if (!isLeaf(draft, project.id) || parent?.id === project.id) return
  if (!nameIsFree(draft, parent?.id, project.name)) return
  change(draft.projects, index, {
    parentProjectId: parent?.id,
    topLevelProject: parent === undefined,
    updatedAt: momentOf(draft, random),
  })
}

const rename = (draft: Draft, random: Random, index: number): void => {
  const { name, parentProjectId } = at(draft.projects, index)
  const renamed = `${name.split(' (since ')[0]} (since ${dayName(draft.day)})`
  if (!nameIsFree(draft, parentProjectId, renamed)) return
  change(draft.projects, index, { name: renamed, updatedAt: momentOf(draft, random) })
}

const edit = (draft: Draft, random: Random, index: number): void => {
  const updatedAt = momentOf(draft, random)
  const locked = at(draft.projects, index).contentPermissions !== 'ManagedByOwner'
  if (random.chance(0.5)) change(draft.projects, index, { ownerId: publisherOf(draft, random).id, updatedAt })
  else
    change(draft.projects, index, {
      contentPermissions: locked ? 'ManagedByOwner' : 'LockedToProject',
      updatedAt,
    })
}

const dropProject = (draft: Draft, index: number): string | undefined => {
  const { id, workbookCount, datasourceCount } = at(draft.projects, index)
  if (workbookCount + datasourceCount > FEW_ITEMS || !isLeaf(draft, id)) return undefined
  draft.projects.splice(index, 1)
  return id
}

/** A day among projects; returns the ids of deleted ones, whose content goes with them. */
export const churnProjects = (draft: Draft, random: Random): ReadonlySet<string> => {
  const count = draft.projects.length
  const gone = new Set<string>()
  const acts = [move, rename, edit, edit]
  for (let left = share(random, count, 0.003); left > 0; left--) addProject(draft, random)
  for (let left = share(random, count, 0.01); left > 0; left--) {
    const index = anyIndex(draft, random)
    if (index !== undefined) random.pick(acts)(draft, random, index)
  }
  for (let left = share(random, count, 0.004); left > 0; left--) {
    const index = anyIndex(draft, random)
    const id = index === undefined ? undefined : dropProject(draft, index)
    if (id !== undefined) gone.add(id)
  }
  return gone
}
