import { inspect } from 'node:util'
import { systemClock } from '../../lib/adapters/local/clock.ts'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import { openSecrets } from '../../lib/adapters/secrets.ts'
import type { SiteConfiguration } from '../../lib/config/configuration.ts'
import type { Entity } from '../../lib/core/entity.ts'
import type { Clock, ObjectStore } from '../../lib/core/ports.ts'
import type { Check } from '../../lib/doctor/check.ts'
import { doctor } from '../../lib/doctor/doctor.ts'
import type { DoctorPorts } from '../../lib/doctor/subject.ts'
import { ENTITIES } from '../../lib/entities/index.ts'
import { openWay } from '../../lib/network/open-way.ts'
import { connect } from '../../lib/tableau/client.ts'
import { patIdentity, sessionNameOf } from '../../lib/tableau/identity.ts'

/** Everything that any doctor of this process said, for the canary. */
export const everything: string[] = []

/** The clock of the simulated server, which stands at ten in the evening of its day, a little later with each call. */
export const clockAt = (day: string, minutes = 0): Clock => {
  const began = systemClock.elapsed()
  const start = Date.parse(`${day}T22:00:00Z`) + minutes * 60_000
  return { ...systemClock, now: () => start + systemClock.elapsed() - began }
}

/** What a test changes of a world in which all is well. */
export interface World {
  readonly site: SiteConfiguration
  readonly env: Readonly<Record<string, string | undefined>>
  readonly store?: ObjectStore
  readonly entities?: readonly Entity[]
  readonly ports?: Partial<DoctorPorts>
}

function portsOf({ site, env, store = memoryStore(), ports }: World): DoctorPorts {
  const clock = ports?.clock ?? clockAt('2026-11-01')
  const secrets = openSecrets({ env })
  const wayTo: DoctorPorts['wayTo'] = async ({ server: url, proxy, caFile }) => {
    if (typeof proxy !== 'object') return openWay({ url, proxy, caFile, env })
    const { password, ...others } = proxy
    const secret = password === undefined ? {} : { password: await secrets.read(password) }
    return openWay({ url, proxy: { ...others, ...secret }, caFile, env })
  }
  const emit = (): void => undefined
  return {
    clock,
    secrets,
    env,
    emit,
    run: 'doctor-test',
    wayTo,
    connect: async (beforeSignIn, signal) => {
      if (site.signIn.kind !== 'pat') throw new Error('only tokens sign in here')
      const secret = await secrets.read(site.signIn.secret)
      const identity = patIdentity(site.signIn.name, secret.reveal())
      const { server: serverUrl, contentUrl } = site
      const signIn = { serverUrl, contentUrl, identity }
      const way = await wayTo(site)
      return connect({ signIn, way, clock, random: () => 0, emit, beforeSignIn, signal })
    },
    openStore: async () => store,
    ...ports,
  }
}

/** The doctor of a world, before its first word. */
export function doctorOf(world: World): AsyncGenerator<Check> {
  const { site, entities = ENTITIES } = world
  const session = sessionNameOf(site.server, site.contentUrl, site.signIn)
  const subject = { source: 'almanac.config.json', sites: [site.slug], site, entities, session }
  return doctor(subject, portsOf(world))
}

/** What the doctor says of a world, in its order. */
export async function examine(world: World): Promise<readonly Check[]> {
  const checks: Check[] = []
  for await (const check of doctorOf(world)) checks.push(check)
  everything.push(JSON.stringify(checks), inspect(checks))
  return checks
}
