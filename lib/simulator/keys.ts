import type { Keys, Pat } from './door.ts'
import type { World } from './facts.ts'
import type { ConnectedApp } from './jwt.ts'
import { luids, type Part } from './random.ts'
import type { SimulatorOptions } from './server.ts'

/** The keys of a server, the main token first. */
export type MainKeys = Keys & { pats: readonly [Pat, ...Pat[]] }

const appOf = (seed: Part): ConnectedApp => {
  const make = luids(seed, 'app')
  const secret = Buffer.from(`${make(3)}${make(4)}`.replaceAll('-', '').slice(0, 32)).toString('base64')
  return { clientId: make(1), secretId: make(2), secret }
}

/** The name of the first user of a role. Throws RangeError when there is none. */
const firstOf = (world: World, siteRole: string): string => {
  const user = world.users.find((one) => one.siteRole === siteRole)
  if (user === undefined) throw new RangeError(`simulator: no user has the role ${siteRole}`)
  return user.name
}

const patOf = (options: SimulatorOptions, world: World): Pat => {
  const make = luids(options.seed ?? 7, 'secret')
  const secret = `${make(1).replaceAll('-', '')}:${make(2).replaceAll('-', '')}`
  const { siteRole, patExpiresAt: expiresAt } = options
  return {
    name: options.patName ?? 'almanac',
    secret: options.patSecret ?? secret,
    user: siteRole === undefined ? 0 : firstOf(world, siteRole),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  }
}

/** What opens a server, from its options and the main site's first day. Throws RangeError for a role that nobody has. */
export const keysOf = (options: SimulatorOptions, world: World): MainKeys => ({
  pats: [patOf(options, world), ...(options.morePats ?? [])],
  connectedApps: options.connectedApps ?? [appOf(options.seed ?? 7)],
  uats: options.uat ?? [],
  passwords: options.passwords ?? [],
  cloud: options.cloud ?? false,
})
