import type { Day } from '../core/day.ts'
import type { Entity } from '../core/entity.ts'
import type { Emit } from '../core/event.ts'
import type { Clock, ObjectStore } from '../core/ports.ts'
import type { LoadEngine } from '../load/transforms.ts'
import type { Client } from '../tableau/client.ts'
import type { SessionName } from '../tableau/identity.ts'

/** What a night is asked for. */
export interface NightlyInput {
  /** The site's slug. */
  readonly site: string
  /** IANA name; decides which day the night belongs to. */
  readonly timeZone: string
  /** Whose one session the run holds. */
  readonly session: SessionName
  readonly entities: readonly Entity[]
  readonly run: string
  /** The logical day; the local date of the start when not given. */
  readonly dt?: Day
  /** Why the present is recorded for another day. */
  readonly backdate: string | null
  /** Entities of which a constant surplus counts as complete. */
  readonly acceptSurplus: readonly string[]
  /** Entities that are kept although the site role shows only a part of them. */
  readonly acceptNarrowed: readonly string[]
}

/** What a night works with. */
export interface NightlyPorts {
  readonly store: ObjectStore
  readonly engine: LoadEngine
  readonly clock: Clock
  readonly emit: Emit
  /** 8 hex digits, different each time. */
  readonly newAttempt: () => string
  readonly connect: (beforeSignIn: () => Promise<void>, signal: AbortSignal) => Promise<Client>
  readonly signal?: AbortSignal
}

/** What configuration accepts of an entity although it is not the whole truth. */
export const acceptedOf = (
  { acceptSurplus, acceptNarrowed }: Pick<NightlyInput, 'acceptSurplus' | 'acceptNarrowed'>,
  { name }: Entity,
): { readonly acceptSurplus: boolean; readonly acceptNarrowed: boolean } => ({
  acceptSurplus: acceptSurplus.includes(name),
  acceptNarrowed: acceptNarrowed.includes(name),
})
