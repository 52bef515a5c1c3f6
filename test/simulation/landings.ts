import type { Row } from '../../lib/core/column.ts'
import type { Day } from '../../lib/core/day.ts'
import type { Entity } from '../../lib/core/entity.ts'
import { land } from '../load/land.ts'
import { landLinks, type ParentNight } from '../load/links.ts'
import type { Process } from './actors.ts'
import { type Moment, nowOf, type SimulatedSite } from './site.ts'
import { readerName } from './watch.ts'
import type { World } from './world.ts'

const thingRows = ({ things }: Moment): readonly Row[] =>
  [...things].map(([id, { name, size, tags }]) => ({
    id,
    name,
    size: BigInt(size),
    tags: [...tags].sort(),
    views: null,
    raw_extra: null,
  }))

const micros = (ms: number): bigint => BigInt(Math.floor(ms / 1000)) * 1_000_000n

const jobRows = ({ jobs }: Moment): readonly Row[] =>
  [...jobs].map(([id, { created, end }]) => ({
    id,
    status: end === null ? 'InProgress' : 'Success',
    title: 'told by the monitor',
    created_at: micros(created),
    ended_at: end === null ? null : micros(end),
  }))

function boxesNight({ boxes, forbidden }: Moment, isLeftOut: () => boolean): ParentNight {
  return Object.fromEntries(
    [...boxes].map(([box, links]) => {
      if (forbidden.has(box)) return [box, 'forbidden' as const]
      return [box, isLeftOut() ? ('not_read' as const) : Object.fromEntries(links)]
    }),
  )
}

/** Lands the present moment of a site for a day in one go, as a monitor does, or a reading that leaves boxes out. */
export async function landNow(
  { watch, chance }: World,
  { name, store }: Process,
  site: SimulatedSite,
  entity: Entity,
  dt: Day,
  observedFrom: number,
): Promise<void> {
  const now = nowOf(site)
  const moment = site.moments.length - 1
  watch.readers.set(readerName(entity.name, site.slug, name), [{ site, from: moment, to: moment }])
  const facts = { run: name, site: site.slug, observedFrom }
  if (entity.name === 'jobs') await land(store, entity, dt, jobRows(now), { ...facts, source: 'monitor' })
  else if (entity.name === 'things') await land(store, entity, dt, thingRows(now), facts)
  else
    await landLinks(
      store,
      dt,
      boxesNight(now, () => chance.flip(0.4)),
      facts,
    )
}
