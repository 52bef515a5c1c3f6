import { lineTo, secretsOf } from '../connection/connection.ts'
import { resumeSession } from '../session/resume.ts'
import type { Client } from '../tableau/client.ts'
import { variable } from './environment.ts'
import { invoke } from './invoke.ts'
import type { StepGround } from './step.ts'
import { vaultOf } from './vault.ts'

/** A client that goes on with the session of a run; when that is lost, the function `session` is asked for a newer one. */
export async function resumeOn(ground: StepGround, run: string, dt: string): Promise<Client> {
  const { env, site, clock, telemetry, signal } = ground
  return resumeSession({
    run,
    vault: await vaultOf(ground),
    serverUrl: site.server,
    ...(await lineTo(site, await secretsOf({ env }), { env })),
    clock,
    emit: telemetry.emit,
    signal,
    askToRenew: (generation) =>
      invoke(variable(env, 'sessionFunction'), { action: 'renew', run, dt, generation }),
  })
}
