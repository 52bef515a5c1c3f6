import { asAlmanacError } from '../core/errors.ts'
import type { SessionName } from '../tableau/identity.ts'
import { releaseLease } from './execution.ts'
import { empty, readKept } from './kept.ts'
import { leaseKey, readState } from './lease-state.ts'
import type { SessionPorts } from './sign-in.ts'

/** A session that a run is done with. */
export interface CloseInput {
  readonly session: SessionName
  readonly run: string
}

/** What closing came to. */
export interface Closed {
  readonly verdict: 'closed'
  /** Why signing out failed: the session ends by itself later. Null when it did not fail, or there was none. */
  readonly reason: string | null
}

/** What closing a session takes. */
export type ClosePorts = Pick<SessionPorts, 'store' | 'vault' | 'emit' | 'signOut'>

/**
 * Ends the session of a run: signs out, empties the vault and hands the lease back. May be repeated, and a run that never
 * had a session has it closed. That signing out failed is told and not thrown; what the vault and the store throw is.
 */
export async function closeSession({ session, run }: CloseInput, ports: ClosePorts): Promise<Closed> {
  const { store, vault } = ports
  const key = leaseKey(session)
  const kept = await readKept(vault, run)
  const reason = kept === undefined ? null : await signedOut(ports, () => ports.signOut(kept.session))
  const isOurs = (await readState(store, key))?.state.holder === run
  // Without the lease the vault may be another run's any moment.
  if (kept !== undefined && isOurs) await empty(vault)
  await releaseLease(store, key, run)
  return { verdict: 'closed', reason }
}

async function signedOut({ emit }: ClosePorts, signOut: () => Promise<void>): Promise<string | null> {
  try {
    await signOut()
    return null
  } catch (thrown) {
    const reason = asAlmanacError(thrown).message
    emit({
      type: 'warned',
      entity: null,
      message: `Signing out failed, so the session ends by itself later: ${reason}`,
    })
    return reason
  }
}
