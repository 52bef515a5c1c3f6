import type { SiteConfiguration } from '../config/configuration.ts'
import { sendingFrom, tellNight } from '../connection/people.ts'
import { newRun } from '../connection/run-id.ts'
import { dayIn } from '../core/day.ts'
import type { RunReport } from '../core/report.ts'
import type { Call } from './command.ts'
import { acceptHere } from './held.ts'
import { type Io, write } from './io.ts'
import { quietJson } from './json.ts'
import type { Ended } from './run-ports.ts'
import { shown } from './width.ts'

/** A night's report; one that could not even be written is told as a night that failed. */
export async function reportOf({ input, result, error }: Ended<RunReport>, now: number): Promise<RunReport> {
  if (result !== undefined) return result
  const { failedNight } = await import('../notify/failed-night.ts')
  const { site, run, timeZone, dt = dayIn(timeZone, now) } = input
  return failedNight({ site, dt, run, at: now }, error)
}

/**
 * Says that somebody was not told, also with --quiet: else nobody would know. Away from a terminal as an event, like
 * everything that is logged there.
 */
async function warn({ io }: Call, message: string): Promise<void> {
  const event = { time: new Date().toISOString(), level: 'warn', event: 'warned', entity: null, message }
  const text = io.errColumns === undefined ? quietJson(event) : `warning: ${shown(message)}`
  await write(io.err, `${text}\n`)
}

/** Tells the people whom the configuration names how a site's night ended. Whom it cannot tell, it says; it fails nothing. */
export async function tellPeople(call: Call, ended: Ended<RunReport>, report: RunReport): Promise<void> {
  const { site, input, warehouse } = ended
  const problems = await tellNight(
    {
      site,
      entities: input.entities,
      report,
      store: warehouse?.store,
      acceptCommand: (entity, candidate) => acceptHere(call.options, { entity, candidate, site: site.slug }),
    },
    call.io,
  )
  for (const problem of problems) await warn(call, problem)
}

/** Sends a test message to everybody a site's configuration names. Never throws for one that is not taken. */
export async function sendTestMessages(site: SiteConfiguration, io: Io) {
  const { testMessages } = await import('../notify/test-message.ts')
  const { clock, ...sending } = await sendingFrom(site, io)
  const now = clock.now()
  const subject = { site: site.slug, owner: site.owner, dt: dayIn(site.timeZone, now), run: newRun(now) }
  return testMessages(site.notify, subject, sending)
}
