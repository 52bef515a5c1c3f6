import { hoursBetween, RUN_HOURS } from '../core/day.ts'
import type { Entity } from '../core/entity.ts'
import { AlmanacError } from '../core/errors.ts'
import type { Client } from '../tableau/client.ts'
import type { Reading } from './reading.ts'

/** A server's machines have clocks of their own, which differ by minutes. */
const CLOCKS_DIFFER_HOURS = 1

const iso = (ms: number): string => new Date(ms).toISOString()

/**
 * What a machine reads that slept for days is the present, and none of the run's day; and one wrong clock of the server's
 * would put a day where no later one may follow.
 */
function holdToTime({ name }: Entity, { observedAt }: Client, { observedFrom, observedTo }: Reading): void {
  const isEarly = hoursBetween(observedFrom, observedAt) > CLOCKS_DIFFER_HOURS
  if (!isEarly && hoursBetween(observedAt, observedTo) <= RUN_HOURS) return
  throw new AlmanacError(
    'incomplete',
    `${name} was read at ${iso(isEarly ? observedFrom : observedTo)} by the server’s clock, and the run signed in at ${iso(observedAt)}: a run reads for ${RUN_HOURS} hours at most`,
  )
}

/**
 * Holds a whole reading to the run that it is of: read within its time, by the server's clock, and by a user whose site role
 * is still the one that it had when the run began. A lesser one sees a part of a list, which passes every other proof.
 * Throws `incomplete`, and what a call throws.
 */
export async function holdToRun(
  entity: Entity,
  client: Client,
  reading: Reading,
  signal?: AbortSignal,
): Promise<void> {
  holdToTime(entity, client, reading)
  const [was, is] = [client.user.siteRole, await client.siteRoleNow(signal)]
  if (is === was) return
  throw new AlmanacError(
    'incomplete',
    `the token’s user became ${is} while ${entity.name} was read, and was ${was} when the run began: nobody knows which part of it each saw`,
    { next: 'Give the token’s user the site role that the entity needs, and run the same day again.' },
  )
}
