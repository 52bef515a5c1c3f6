import type { RawItem } from '../../lib/core/item.ts'
import type { Client } from '../../lib/tableau/client.ts'
import { stubClient, tableauError } from '../extract/stub-client.ts'

/** What the site holds on a day: things by id and name, the links of each box, jobs by id with when they ended. */
interface Content {
  readonly things: Readonly<Record<string, string>>
  /** Null for a box that may not be read. */
  readonly boxes: Readonly<Record<string, Readonly<Record<string, string>> | null>>
  readonly jobs: Readonly<Record<string, readonly [created: string, ended: string | null]>>
}

/** The days that the site was read on, with what it held. */
export const CONTENT: Readonly<Record<string, Content>> = {
  '2026-10-18': {
    things: { a: 'A', b: 'B' },
    boxes: { x: { a: 'r', b: 'r' }, y: { a: 'w' } },
    jobs: { j0: ['2026-10-17T23:00:00Z', null] },
  },
  '2026-11-01': {
    things: { a: 'A1', c: 'C' },
    boxes: { x: { a: 'r' }, y: {}, z: { c: 'r' } },
    jobs: {
      j0: ['2026-10-17T23:00:00Z', '2026-10-19T01:00:00Z'],
      j1: ['2026-10-31T02:00:00Z', null],
    },
  },
  '2026-11-02': {
    things: { a: 'A1', b: 'B', c: 'C' },
    boxes: { x: null, z: { c: 'w', a: 'r' } },
    jobs: { j1: ['2026-10-31T02:00:00Z', null] },
  },
  '2026-11-03': {
    things: { b: 'B3', c: 'C' },
    boxes: { x: { b: 'r' }, z: { a: 'r' } },
    jobs: {
      j1: ['2026-10-31T02:00:00Z', '2026-11-02T05:00:00Z'],
      j2: ['2026-11-03T01:00:00Z', null],
    },
  },
}

const item = (cells: Record<string, string>): RawItem => Object.assign(Object.create(null), cells)

const jobItem = ([id, [created, ended]]: [string, readonly [string, string | null]]): RawItem =>
  item({
    '@id': id,
    '@status': ended === null ? 'InProgress' : 'Success',
    '@createdAt': created,
    ...(ended === null ? {} : { '@endedAt': ended }),
  })

const linkItems = (links: Readonly<Record<string, string>>): readonly RawItem[] =>
  Object.entries(links).map(([thing, role]) => item({ '@id': thing, '@role': role }))

/** A client that reads the site as it was at 22:00 UTC of one of the days of `CONTENT`. */
export function siteOn(day: string): Client {
  const { things, boxes, jobs } = CONTENT[day] ?? { things: {}, boxes: {}, jobs: {} }
  const observedAt = Date.parse(`${day}T22:00:00Z`)
  const client = stubClient({
    list: ({ path }) => {
      if (path === 'things')
        return Object.entries(things).map(([id, name]) => item({ '@id': id, '@name': name }))
      if (path === 'jobs') return Object.entries(jobs).map(jobItem)
      if (path === 'boxes') return Object.keys(boxes).map((id) => item({ '@id': id }))
      const links = boxes[path.split('/')[1] ?? '']
      return links == null ? tableauError('403004') : linkItems(links)
    },
  })
  return {
    ...client,
    observedAt,
    page: async (...asked) => ({ ...(await client.page(...asked)), observedAt }),
  }
}
