import {
  freeName,
  makeDatasource,
  makeView,
  makeWorkbook,
  namesInUse,
  placeIn,
  withViews,
} from './content.ts'
import { change, type Draft, momentOf } from './draft.ts'
import type { Datasource, View, Workbook } from './facts.ts'
import { contentName, tagsOf } from './names.ts'
import { publisherOf } from './people.ts'
import { at, type Random, share } from './random.ts'

const RATES = {
  add: 0.0045,
  drop: 0.003,
  rename: 0.003,
  move: 0.002,
  reown: 0.003,
  retag: 0.004,
  publish: 0.01,
}

type Content = Workbook | Datasource

const some = (random: Random, list: readonly unknown[], rate: number): number[] =>
  list.length === 0
    ? []
    : Array.from({ length: share(random, list.length, rate) }, () => random.below(list.length))

const drop = <T extends Content>(list: T[], random: Random, goneProjects: ReadonlySet<string>): T[] => {
  const gone = new Set(some(random, list, RATES.drop))
  return list.filter(
    (row, i) => !gone.has(i) && (row.projectId === undefined || !goneProjects.has(row.projectId)),
  )
}

const rename = (draft: Draft, random: Random, list: Content[], taken: Set<string>): void => {
  for (const index of some(random, list, RATES.rename)) {
    const { projectId } = at(list, index)
    if (projectId === undefined) continue
    const name = freeName(taken, projectId, contentName(random, draft.day + index), draft.day * 1000 + index)
    change(list, index, { name, updatedAt: momentOf(draft, random) })
  }
}

const move = (draft: Draft, random: Random, list: Content[], taken: Set<string>): void => {
  for (const index of some(random, list, RATES.move)) {
    const row = at(list, index)
    const project = random.pick(draft.projects)
    if (row.projectId === undefined || taken.has(`${project.id} ${row.name}`)) continue
    taken.add(`${project.id} ${row.name}`)
    const place = 'locationId' in row ? placeIn(project) : { projectId: project.id }
    change(list, index, { ...place, updatedAt: momentOf(draft, random) })
  }
}

/** New owners move `updatedAt`; new tags do not. */
const handOver = (draft: Draft, random: Random, list: Content[]): void => {
  for (const index of some(random, list, RATES.reown)) {
    if (at(list, index).projectId === undefined) continue
    change(list, index, { ownerId: publisherOf(draft, random).id, updatedAt: momentOf(draft, random) })
  }
  for (const index of some(random, list, RATES.retag)) change(list, index, { tags: tagsOf(random) })
}

const churnDatasources = (draft: Draft, random: Random, goneProjects: ReadonlySet<string>): void => {
  const list = drop(draft.datasources, random, goneProjects)
  const taken = namesInUse(list)
  rename(draft, random, list, taken)
  move(draft, random, list, taken)
  handOver(draft, random, list)
  for (const index of some(random, list, RATES.publish)) {
    const { size, isCertified } = at(list, index)
    const certified = random.chance(0.1) ? !isCertified : isCertified
    const changes = { size: size + random.below(9), isCertified: certified, certificationNote: undefined }
    change(list, index, { ...changes, updatedAt: momentOf(draft, random) })
  }
  for (let left = share(random, list.length, RATES.add); left > 0; left--) {
    list.push(makeDatasource(draft, random, taken, publisherOf(draft, random), momentOf(draft, random)))
  }
  draft.datasources = list
}

/** Publishing again moves `updatedAt` and the size; now and then it brings a sheet more. */
const publishAgain = (draft: Draft, random: Random, list: Workbook[], fresh: View[]): void => {
  for (const index of some(random, list, RATES.publish)) {
    const updatedAt = momentOf(draft, random)
    const size = Math.max(1, at(list, index).size + random.below(7) - 3)
    const workbook = change(list, index, { size, updatedAt, lastPublishedAt: updatedAt })
    if (workbook.sheetCount === 0 || !random.chance(0.2)) continue
    fresh.push(makeView(draft, random, workbook, workbook.sheetCount))
    change(list, index, { sheetCount: workbook.sheetCount + 1 })
  }
}

const addWorkbooks = (
  draft: Draft,
  random: Random,
  list: Workbook[],
  taken: Set<string>,
  fresh: View[],
): void => {
  const perWorkbook = draft.workbooks.length === 0 ? 0 : draft.views.length / draft.workbooks.length
  for (let left = share(random, list.length, RATES.add); left > 0; left--) {
    const workbook = makeWorkbook(draft, random, taken, publisherOf(draft, random), momentOf(draft, random))
    const sheets = draft.counts.views === 0 ? 0 : 1 + random.below(Math.ceil(perWorkbook * 2))
    const views = Array.from({ length: sheets }, (_, nth) => makeView(draft, random, workbook, nth))
    list.push(withViews(workbook, views))
    fresh.push(...views)
  }
}

const seenMore = (random: Random, total: number): number =>
  random.chance(0.4) ? total + 1 + random.below(3 + (total >>> 7)) : total

/** Views follow their workbook: its project, its owner, its end; and they are looked at, more each day. */
const followWorkbooks = (
  draft: Draft,
  random: Random,
  before: ReadonlySet<Workbook>,
  fresh: View[],
): View[] => {
  const touched = new Map<string, Workbook>()
  const living = new Set<string>()
  for (const workbook of draft.workbooks) {
    living.add(workbook.id)
    if (!before.has(workbook)) touched.set(workbook.id, workbook)
  }
  const views: View[] = []
  for (const view of draft.views) {
    if (!living.has(view.workbookId)) continue
    const totalViewCount = seenMore(random, view.totalViewCount)
    const workbook = touched.get(view.workbookId)
    if (workbook !== undefined) {
      const { projectId, ownerId, updatedAt } = workbook
      views.push({ ...view, projectId, ownerId, updatedAt, totalViewCount })
    } else views.push(totalViewCount === view.totalViewCount ? view : { ...view, totalViewCount })
  }
  for (const index of some(random, views, 0.0005)) change(views, index, { tags: tagsOf(random) })
  return views.concat(fresh)
}

/** A workbook's location carries the name of its project, and follows when that is renamed. */
const followProjects = (draft: Draft): void => {
  const names = new Map(draft.projects.map((project) => [project.id, project.name]))
  draft.workbooks.forEach((workbook, index) => {
    const locationName = names.get(workbook.locationId) ?? workbook.locationName
    if (locationName !== workbook.locationName) change(draft.workbooks, index, { locationName })
  })
}

const churnWorkbooks = (draft: Draft, random: Random, goneProjects: ReadonlySet<string>): void => {
  const before = new Set(draft.workbooks)
  const fresh: View[] = []
  followProjects(draft)
  const list = drop(draft.workbooks, random, goneProjects)
  const taken = namesInUse(list)
  rename(draft, random, list, taken)
  move(draft, random, list, taken)
  handOver(draft, random, list)
  publishAgain(draft, random, list, fresh)
  addWorkbooks(draft, random, list, taken, fresh)
  draft.workbooks = list
  draft.views = followWorkbooks(draft, random, before, fresh)
}

/** A day among workbooks, their views, and data sources; the content of deleted projects goes with these. */
export const churnContent = (draft: Draft, random: Random, goneProjects: ReadonlySet<string>): void => {
  churnWorkbooks(draft, random, goneProjects)
  churnDatasources(draft, random, goneProjects)
}
