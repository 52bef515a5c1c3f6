import { makeDatasource, makeProject, makeView, makeWorkbook, withViews } from './content.ts'
import type { Counts } from './counts.ts'
import { type Draft, pastOf } from './draft.ts'
import type { Project } from './facts.ts'
import { makeGroup, makeOldUser, oldOwnerOf, someUsers } from './people.ts'
import { at, type Random, randomOf } from './random.ts'

const DEEPEST = 4

const emptyDraft = (seed: string, contentUrl: string, counts: Counts, day: number): Draft => ({
  seed,
  contentUrl,
  counts,
  day,
  serials: { user: 0, group: 0, project: 0, workbook: 0, view: 0, datasource: 0, job: 0, space: 0 },
  users: [],
  groups: [],
  members: new Map(),
  projects: [],
  workbooks: [],
  views: [],
  datasources: [],
  courses: [],
})

const foundPeople = (draft: Draft, random: Random): void => {
  const { users, groups } = draft.counts
  for (let i = 0; i < users; i++) draft.users.push(makeOldUser(draft, random))
  for (let i = 0; i < groups; i++) draft.groups.push(makeGroup(draft, random))
  const mean = (users * 3) / groups
  draft.groups.forEach((group, i) => {
    if (i === 0) return
    const size = i % 11 === 0 ? 0 : Math.ceil(mean * 4 * random.unit() ** 3)
    draft.members.set(group.id, someUsers(draft, random, Math.min(size, users)))
  })
}

const foundProjects = (draft: Draft, random: Random): void => {
  const depths = new Map<string, number>()
  for (let i = 0; i < draft.counts.projects; i++) {
    const chosen = i < 4 || random.chance(0.25) ? undefined : at(draft.projects, 1 + random.below(i - 1))
    const depth = chosen === undefined ? 1 : (depths.get(chosen.id) ?? 1) + 1
    const parent: Project | undefined = depth > DEEPEST ? undefined : chosen
    const owner = i === 0 ? at(draft.users, 0) : oldOwnerOf(draft, random)
    const project = makeProject(draft, random, parent, owner.id, pastOf(draft, random))
    depths.set(project.id, parent === undefined ? 1 : depth)
    draft.projects.push(project)
  }
}

const viewsPerWorkbook = (counts: Counts, random: Random): Uint32Array => {
  const sheets = new Uint32Array(counts.workbooks)
  for (let i = 0; i < counts.views; i++) {
    const index = i < counts.workbooks ? i : Math.floor(random.unit() ** 1.6 * counts.workbooks)
    sheets[index] = at(sheets, index) + 1
  }
  return sheets
}

const foundContent = (draft: Draft, random: Random): void => {
  const taken = new Set<string>()
  for (const sheets of viewsPerWorkbook(draft.counts, random)) {
    const owner = oldOwnerOf(draft, random)
    const workbook = makeWorkbook(draft, random, taken, owner, pastOf(draft, random))
    const views = Array.from({ length: sheets }, (_, nth) =>
      makeView(draft, random, workbook, nth, Math.floor(random.unit() ** 6 * 20_000)),
    )
    draft.workbooks.push(withViews(workbook, views))
    for (const view of views) draft.views.push(view)
  }
  const names = new Set<string>()
  for (let i = 0; i < draft.counts.datasources; i++) {
    const owner = oldOwnerOf(draft, random)
    draft.datasources.push(makeDatasource(draft, random, names, owner, pastOf(draft, random)))
  }
}

/** The site as it stands on its first day, with exactly the counts asked for (jobs come with the days). */
export const foundSite = (seed: string, contentUrl: string, counts: Counts, day: number): Draft => {
  const draft = emptyDraft(seed, contentUrl, counts, day)
  foundPeople(draft, randomOf(seed, 'people'))
  foundProjects(draft, randomOf(seed, 'projects'))
  foundContent(draft, randomOf(seed, 'content'))
  return draft
}
