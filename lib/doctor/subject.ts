import type { SiteConfiguration } from '../config/configuration.ts'
import type { Entity } from '../core/entity.ts'
import type { Emit } from '../core/event.ts'
import type { Clock, ObjectStore, Secrets } from '../core/ports.ts'
import type { Environment } from '../network/proxy.ts'
import type { Way } from '../network/way.ts'
import type { Client } from '../tableau/client.ts'
import type { SessionName } from '../tableau/identity.ts'

/** What the doctor looks at: one site as it is configured. */
export interface DoctorSubject {
  /** Where it is configured: a file’s path, or `the environment`. */
  readonly source: string
  /** The slugs of all configured sites. */
  readonly sites: readonly string[]
  readonly site: SiteConfiguration
  /** The registry. */
  readonly entities: readonly Entity[]
  /** Whose one session its runs hold. */
  readonly session: SessionName
}

/** What became of a test message to one target, in words: `problem` is null when it was sent. */
export interface TestMessage {
  readonly target: string
  readonly problem: string | null
}

/** What the doctor works with. */
export interface DoctorPorts {
  readonly clock: Clock
  readonly secrets: Secrets
  /** The variables that may name a proxy; the way itself is opened by `wayTo`. */
  readonly env: Environment
  readonly emit: Emit
  /** A name that no other run has; it holds the lease and names the warehouse’s probe. */
  readonly run: string
  /** How the site is reached. Throws `bad-configuration` or `secret-missing`. */
  readonly wayTo: (site: SiteConfiguration) => Promise<Way>
  /** Signs in. The client lives until the signal is aborted or it is closed. */
  readonly connect: (beforeSignIn: () => Promise<void>, signal: AbortSignal) => Promise<Client>
  /** Opens the site’s warehouse; writes nothing. */
  readonly openStore: () => Promise<ObjectStore>
  /** Sends a test message to every target; undefined when none is wanted. */
  readonly sendTest?: () => Promise<readonly TestMessage[]>
  readonly signal?: AbortSignal
}

/** The entities that are switched on. */
export const entitiesOn = ({ site, entities }: DoctorSubject): readonly Entity[] =>
  entities.filter(({ name }) => site.entities.includes(name))
