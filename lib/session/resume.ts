import type { Vault } from '../core/ports.ts'
import type { Client } from '../tableau/client.ts'
import { type Generation, type ResumeOptions, resume } from '../tableau/resume.ts'
import { readKept } from './kept.ts'
import { notKept } from './renew.ts'

/** What going on with a run's session takes. */
export interface ResumeInput extends Omit<ResumeOptions, 'kept' | 'renew'> {
  readonly run: string
  readonly vault: Vault
  /** Asks whoever may sign in for a newer session than that of this generation; returns when there is one. */
  readonly askToRenew: (generation: number) => Promise<unknown>
}

const POLL_MS = 250
/** Secrets Manager shows what was written at once, mostly; in milliseconds. */
const SHOWN_WITHIN_MS = 10_000

/**
 * A client that goes on with the session kept for a run. When Tableau ends that, the vault is read again, and when nobody has
 * renewed it yet, that is asked for. Throws `session-lost` when no session is kept for the run, and what reading the vault
 * and `resume` throw.
 */
export async function resumeSession({ run, vault, askToRenew, ...options }: ResumeInput): Promise<Client> {
  const kept = await readKept(vault, run)
  if (kept === undefined) throw notKept(run)
  const renew = async (generation: number): Promise<Generation> => {
    const newer = await newerThan(generation, run, vault)
    if (newer !== undefined) return newer
    await askToRenew(generation)
    return untilShown(generation, run, vault, options)
  }
  return resume({ ...options, kept, renew })
}

/** A newer session than that of a generation, if it is there. Throws `session-lost` when none is kept any more. */
async function newerThan(generation: number, run: string, vault: Vault): Promise<Generation | undefined> {
  const kept = await readKept(vault, run)
  if (kept === undefined) throw notKept(run)
  return kept.generation > generation ? kept : undefined
}

async function untilShown(
  generation: number,
  run: string,
  vault: Vault,
  { clock, signal }: Pick<ResumeInput, 'clock' | 'signal'>,
): Promise<Generation> {
  const began = clock.elapsed()
  for (;;) {
    const newer = await newerThan(generation, run, vault)
    if (newer !== undefined) return newer
    if (clock.elapsed() - began > SHOWN_WITHIN_MS) throw notKept(run)
    await clock.sleep(POLL_MS, signal)
  }
}
