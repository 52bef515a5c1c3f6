import type { World } from './facts.ts'
import { filterRows, sortRows } from './filter.ts'
import {
  datasourceFields,
  type Fields,
  groupFields,
  jobFields,
  projectFields,
  userFields,
  viewFields,
  workbookFields,
} from './filterable.ts'
import type { Lookup } from './lookup.ts'
import { type Part, randomOf } from './random.ts'
import { type Selection, selectionOf } from './selection.ts'
import { type Shape, writerOf } from './shape.ts'
import {
  datasourceShape,
  groupShape,
  jobShape,
  projectShape,
  userShape,
  viewShape,
  viewWithUsageShape,
  workbookShape,
} from './shapes.ts'

/** A list ready to be paged: how its element is named, its rows in order, and how each is written. */
export type Listing = {
  list: string
  item: string
  /** Positions of the rows, in the order in which they are sent. */
  order: readonly number[]
  /** Writes the row at a position; what was written is kept for the day. */
  row: (position: number) => string
}

/** All lists of one day of a site. What was sorted and written once is kept. */
export type Listings = {
  users(query: URLSearchParams): Listing
  groups(query: URLSearchParams): Listing
  projects(query: URLSearchParams): Listing
  workbooks(query: URLSearchParams): Listing
  views(query: URLSearchParams): Listing
  datasources(query: URLSearchParams): Listing
  jobs(query: URLSearchParams): Listing
  /** The users or groups of these ids, in an order of their own; `filter` and `sort` do not apply here. */
  usersOf(ids: readonly string[], query: URLSearchParams, ...order: Part[]): Listing
  groupsOf(ids: readonly string[], query: URLSearchParams, ...order: Part[]): Listing
  workbooksOf(ids: readonly string[], query: URLSearchParams, ...order: Part[]): Listing
}

/** Shuffles by a path; stable for the same path. Without `sort`, Tableau's order is nobody's to rely on. */
const shuffled = (length: number, ...path: readonly Part[]): number[] => {
  const random = randomOf('order', ...path)
  const order = Array.from({ length }, (_, i) => i)
  for (let i = length - 1; i > 0; i--) {
    const j = random.below(i + 1)
    const [left = 0, right = 0] = [order[i], order[j]]
    order[i] = right
    order[j] = left
  }
  return order
}

const keep = <T>(map: Map<string, T>, key: string, make: () => T): T => {
  const found = map.get(key)
  if (found !== undefined) return found
  const made = make()
  map.set(key, made)
  return made
}

type Lister<Row> = {
  list(query: URLSearchParams, shape?: Shape<Row>): Listing
  some(ids: readonly string[], query: URLSearchParams, path: readonly Part[]): Listing
}

type Rows<Row> = { rows: readonly Row[]; shape: Shape<Row>; fields: Fields<Row>; path: readonly Part[] }

const listerOf = <Row extends { id: string }>(lookup: Lookup, source: Rows<Row>): Lister<Row> => {
  const { rows, shape, fields, path } = source
  const orders = new Map<string, readonly number[]>()
  const writers = new Map<string, (position: number) => string>()
  const positions = new Map<string, number>()
  const positionOf = (id: string): number | undefined => {
    if (positions.size === 0) for (const [i, row] of rows.entries()) positions.set(row.id, i)
    return positions.get(id)
  }
  const selected = (query: URLSearchParams): Selection =>
    selectionOf(query.get('fields'), shape.item === 'user')
  const writer = (selection: Selection, as: Shape<Row>) =>
    keep(writers, `${selection.key} ${as.children.length}`, () => {
      const write = writerOf(as, lookup, selection)
      const written: string[] = []
      return (position: number) => {
        const row = rows[position]
        if (row === undefined) return ''
        const text = written[position] ?? write(row)
        written[position] = text
        return text
      }
    })
  const arrange = (filter: string | null, sort: string | null): readonly number[] => {
    const order = keep(orders, '', () => shuffled(rows.length, ...path))
    if (filter === null && sort === null) return order
    const shuffledRows = order.flatMap((position) => rows[position] ?? [])
    const arranged = sortRows(filterRows(shuffledRows, filter, fields, lookup), sort, fields, lookup)
    return arranged.flatMap((row) => positionOf(row.id) ?? [])
  }
  return {
    list: (query, as = shape) => {
      const [filter, sort] = [query.get('filter'), query.get('sort')]
      const order = keep(orders, `${filter ?? ''} ${sort ?? ''}`.trim(), () => arrange(filter, sort))
      return { list: shape.list, item: shape.item, order, row: writer(selected(query), as) }
    },
    some: (ids, query, key) => {
      const found = ids.flatMap((id) => positionOf(id) ?? [])
      const order = shuffled(found.length, ...path, ...key).flatMap((i) => found[i] ?? [])
      return { list: shape.list, item: shape.item, order, row: writer(selected(query), shape) }
    },
  }
}

/** The lists of a world; `seed` decides the order of lists that nobody sorted. */
export const listingsOf = (world: World, lookup: Lookup, seed: Part): Listings => {
  const path = (kind: string): readonly Part[] => [seed, world.day, kind]
  const users = listerOf(lookup, {
    rows: world.users,
    shape: userShape,
    fields: userFields,
    path: path('users'),
  })
  const groups = listerOf(lookup, {
    rows: world.groups,
    shape: groupShape,
    fields: groupFields,
    path: path('groups'),
  })
  const projects = listerOf(lookup, {
    rows: world.projects,
    shape: projectShape,
    fields: projectFields,
    path: path('projects'),
  })
  const workbooks = listerOf(lookup, {
    rows: world.workbooks,
    shape: workbookShape,
    fields: workbookFields,
    path: path('workbooks'),
  })
  const views = listerOf(lookup, {
    rows: world.views,
    shape: viewShape,
    fields: viewFields,
    path: path('views'),
  })
  const datasources = listerOf(lookup, {
    rows: world.datasources,
    shape: datasourceShape,
    fields: datasourceFields,
    path: path('datasources'),
  })
  const jobs = listerOf(lookup, { rows: world.jobs, shape: jobShape, fields: jobFields, path: path('jobs') })
  return {
    users: (query) => users.list(query),
    groups: (query) => groups.list(query),
    projects: (query) => projects.list(query),
    workbooks: (query) => workbooks.list(query),
    views: (query) => views.list(query, query.has('includeUsageStatistics') ? viewWithUsageShape : viewShape),
    datasources: (query) => datasources.list(query),
    jobs: (query) => jobs.list(query),
    usersOf: (ids, query, ...order) => users.some(ids, query, order),
    groupsOf: (ids, query, ...order) => groups.some(ids, query, order),
    workbooksOf: (ids, query, ...order) => workbooks.some(ids, query, order),
  }
}
