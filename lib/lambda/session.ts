import { lineTo, secretsOf, signInLine } from '../connection/connection.ts'
import type { OpenPorts } from '../session/open.ts'
import { siteOfRun } from '../steps/start.ts'
import { signInToKeep, signOutKept } from '../tableau/kept.ts'
import { variable } from './environment.ts'
import { statusOf } from './executions.ts'
import type { StepGround } from './step.ts'
import { vaultOf } from './vault.ts'

/**
 * The machine of the site that a run is of, by the ARN and the slug of our own: sites of an environment may share a token,
 * and their machines differ by the slug at their end. Undefined for a run whose name tells no site.
 */
export function machineOfRun(own: string, slug: string, run: string): string | undefined {
  const site = siteOfRun(run)
  return site === undefined || !own.endsWith(slug) ? undefined : own.slice(0, -slug.length) + site
}

/**
 * Whether an execution that holds a lease still runs. One whose name says no site was not started by us: our own machine is
 * asked for it, and where that does not know it, it may be another machine's.
 */
export async function isRunning(
  own: string,
  slug: string,
  holder: string,
  ask: typeof statusOf = statusOf,
): Promise<boolean> {
  const machine = machineOfRun(own, slug, holder)
  const status = await ask(machine ?? own, holder)
  return status === undefined ? machine === undefined : status === 'running'
}

/** What opening, renewing and closing a session takes, on AWS. */
export async function sessionPorts(ground: StepGround): Promise<OpenPorts> {
  const { env, site, store, clock, telemetry, signal } = ground
  const { emit } = telemetry
  return {
    store,
    clock,
    emit,
    signal,
    vault: await vaultOf(ground),
    isRunning: (holder) => isRunning(variable(env, 'machine'), site.slug, holder),
    signIn: async (beforeSignIn, until) =>
      signInToKeep({ ...(await signInLine(site, { env })), clock, emit, beforeSignIn, signal: until }),
    signOut: async (session) =>
      signOutKept(session, { ...(await lineTo(site, await secretsOf({ env }), { env })), clock, emit }),
  }
}
