import { AlmanacError } from '../../lib/core/errors.ts'
import type { RawItem } from '../../lib/core/item.ts'
import { newTally } from '../../lib/tableau/calls.ts'
import type { Client, ListToRead } from '../../lib/tableau/client.ts'
import { tableauError } from '../extract/stub-client.ts'
import type { Chance } from './chance.ts'
import type { FaultMix } from './faults.ts'
import { jobById, jobItem, type Moment, nowOf, passMoment, type SimulatedSite, thingItem } from './site.ts'

const PAGE = 4

/** What a client of the simulation needs of its world. */
export interface ClientWorld {
  readonly site: SimulatedSite
  readonly chance: Chance
  readonly mix: FaultMix
  /** Waits for the actor's turn and answers the time, in ms since 1970. */
  turn(): Promise<number>
}

function listOf({ path, query }: ListToRead, now: Moment): RawItem[] {
  if (path === 'things') return [...now.things].map(([id, thing]) => thingItem(id, thing))
  if (path === 'boxes') return [...now.boxes.keys()].map((id) => ({ '@id': id }))
  if (path === 'jobs') return jobsIn(query['filter'] ?? '', now)
  const box = path.split('/')[1] ?? ''
  const links = now.boxes.get(box)
  if (links === undefined) throw tableauError('404012')
  if (now.forbidden.has(box)) throw tableauError('403004')
  return [...links].map(([thing, role]) => ({ '@id': thing, '@role': role }))
}

/** The jobs of a window: `createdAt:gte:…,createdAt:lt:…`. */
function jobsIn(filter: string, { jobs }: Moment): RawItem[] {
  const bound = (operator: string): number =>
    Date.parse(new RegExp(`createdAt:${operator}:([^,]+)`).exec(filter)?.[1] ?? '')
  const [from, to] = [bound('gte'), bound('lt')]
  return [...jobs]
    .filter(([, { created }]) => !(created < from) && !(created >= to))
    .map(([id, job]) => jobItem(id, job))
}

/** A page as a site in trouble may send it: an item lost, or one sent twice in the place of another. */
function troubled(items: readonly RawItem[], { chance, mix }: ClientWorld): readonly RawItem[] {
  const [first] = items
  if (first === undefined || !chance.flip(mix.lossyPages)) return items
  return chance.flip(0.5) ? items.slice(1) : [...items.slice(0, -1), first]
}

/** A client of the simulated site. The site may change before any answer; pages have four items. */
export function simulatedClient(world: ClientWorld, observedAt: number): Client {
  const { site, chance, mix } = world
  const moved = async (): Promise<number> => {
    const now = await world.turn()
    if (chance.flip(mix.siteMoves)) passMoment(site, chance, now)
    if (chance.flip(mix.silentTableau)) throw new AlmanacError('unreachable', 'the simulated site is silent')
    return now
  }
  return {
    server: 'https://tableau.example.com',
    productVersion: 'simulated',
    apiVersion: '3.29',
    site: { id: site.slug, contentUrl: site.slug },
    user: { id: 'me', siteRole: 'SiteAdministratorCreator' },
    observedAt,
    clockSkewMs: 0,
    tokenExpiresAt: async () => null,
    siteRoleNow: async () => 'SiteAdministratorCreator',
    page: async (read, pageNumber) => {
      const now = await moved()
      const all = listOf(read, nowOf(site))
      if (pageNumber > 1 && (pageNumber - 1) * PAGE >= all.length) throw tableauError('400006')
      const items = troubled(all.slice((pageNumber - 1) * PAGE, pageNumber * PAGE), world)
      const pagination = { pageNumber, pageSize: PAGE, totalAvailable: all.length }
      return { items, pagination, observedAt: now, cost: { ...newTally(), calls: 1 } }
    },
    item: async ({ path }) => {
      const now = await moved()
      const id = path.split('/')[1] ?? ''
      const job = nowOf(site).jobs.get(id)
      if (job === undefined) throw tableauError('404031')
      return { item: jobById(id, job), observedAt: now, cost: { ...newTally(), calls: 1 } }
    },
    close: async () => undefined,
  }
}
