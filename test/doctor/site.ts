import { systemClock } from '../../lib/adapters/local/clock.ts'
import type { SiteConfiguration } from '../../lib/config/configuration.ts'
import { ENTITIES } from '../../lib/entities/index.ts'
import { type Simulator, type SimulatorOptions, startSimulator } from '../../lib/simulator/server.ts'
import { type Client, type ClientOptions, connect } from '../../lib/tableau/client.ts'
import { patIdentity } from '../../lib/tableau/identity.ts'

/** Small enough that asking for all of it takes a moment. */
export const COUNTS = {
  users: 40,
  groups: 4,
  projects: 8,
  workbooks: 60,
  views: 90,
  datasources: 12,
  jobsPerDay: 5,
  jobDays: 3,
}

/** A simulated site of that size. Its administrator, who signs in, also owns workbooks. */
export const smallSite = (options: SimulatorOptions = {}): Promise<Simulator> =>
  startSimulator({ seed: 7, day: '2026-11-01', counts: COUNTS, ...options })

/** The configuration of a site at this address, with nothing missing. */
export const siteAt = (
  server: string,
  contentUrl: string,
  more: Partial<SiteConfiguration> = {},
): SiteConfiguration => ({
  slug: 'demo',
  server,
  contentUrl,
  timeZone: 'UTC',
  entities: ENTITIES.map(({ name }) => name),
  concurrency: 4,
  acceptSurplus: [],
  acceptNarrowed: [],
  warehouse: '/warehouse',
  owner: 'BI platform <bi-platform@example.com>',
  notify: [{ kind: 'slack', url: { env: 'WEBHOOK' } }],
  signIn: { kind: 'pat', name: 'almanac', secret: { env: 'PAT_SECRET' } },
  proxy: undefined,
  caFile: undefined,
  timeouts: { connect: 5, headers: 10, idle: 10, whole: 20 },
  ...more,
})

/** The real client, signed in to a simulated site. */
export const clientOf = (
  { url, site, patName, patSecret }: Simulator,
  more: Partial<ClientOptions> = {},
): Promise<Client> =>
  connect({
    signIn: { serverUrl: url, contentUrl: site, identity: patIdentity(patName, patSecret) },
    clock: systemClock,
    random: () => 0,
    emit: () => undefined,
    ...more,
  })
