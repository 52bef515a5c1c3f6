import { randomUUID } from 'node:crypto'
import type { SiteConfiguration } from '../config/configuration.ts'
import { type Day, dayIn, lastInstantOf } from '../core/day.ts'
import type { Entity } from '../core/entity.ts'
import type { Clock, ObjectStore, Secrets } from '../core/ports.ts'
import { exitOfRun, type RunReport } from '../core/report.ts'
import type { Post } from '../notify/webhook.ts'
import type { Call } from './command.ts'
import { completeDays } from './complete-days.ts'
import { secretsOf, wayTo } from './connection.ts'
import { acceptCommand } from './held.ts'
import { type Io, write } from './io.ts'
import { quietJson } from './json.ts'
import { newRun } from './run-id.ts'
import type { Ended } from './run-ports.ts'
import { shown } from './width.ts'

const TIMEOUTS = { connect: 10_000, headers: 10_000, idle: 10_000 }

/**
 * Posts to webhooks by the way that leads to Tableau: the site's proxy, else the environment's, and its authorities. A
 * site that is reached directly leaves the webhook to the environment.
 */
function postFrom(site: SiteConfiguration, io: Io, secrets: Secrets, clock: Clock): Post {
  const proxy = site.proxy === 'direct' ? undefined : site.proxy
  return async (url, body, signal) => {
    const [{ openDispatcher }, { webhookPost }] = await Promise.all([
      import('../network/dispatcher.ts'),
      import('../notify/webhook.ts'),
    ])
    const address = url.reveal().trim()
    const origin = URL.canParse(address) ? new URL(address).origin : site.server
    const way = await wayTo({ ...site, proxy, server: origin }, secrets, io).catch(() => plainWay(origin, io))
    const dispatcher = openDispatcher({ origin: new URL(origin), way, connections: 1, timeouts: TIMEOUTS })
    try {
      return await webhookPost(dispatcher, { clock })(url, body, signal)
    } finally {
      await dispatcher.destroy()
    }
  }
}

/** A CA file or a proxy's password that is wrong may be the very thing to tell of, so it must not keep the message back. */
async function plainWay(url: string, { env }: Io) {
  const { openWay } = await import('../network/open-way.ts')
  return openWay({ url, proxy: undefined, caFile: undefined, env })
}

async function sendingFrom(site: SiteConfiguration, io: Io) {
  const [{ systemClock: clock }, secrets] = await Promise.all([
    import('../adapters/local/clock.ts'),
    secretsOf(io),
  ])
  return { clock, secrets, post: postFrom(site, io, secrets, clock) }
}

/** A night's report; one that could not even be written is told as a night that failed. */
export async function reportOf({ input, result, error }: Ended<RunReport>, now: number): Promise<RunReport> {
  if (result !== undefined) return result
  const { failedNight } = await import('../notify/failed-night.ts')
  const { site, run, timeZone, dt = dayIn(timeZone, now) } = input
  return failedNight({ site, dt, run, at: now }, error)
}

/** When the token expires: as Tableau tells it, else as the configuration does, by the end of that day. */
function expiryOf({ signIn }: SiteConfiguration, { tokenExpiresAt = null }: RunReport): number | null {
  if (tokenExpiresAt !== null || signIn.kind !== 'pat' || signIn.expires === undefined) return tokenExpiresAt
  return lastInstantOf(signIn.expires)
}

/** The newest day up to which every one of these entities is there; null when one never was. */
async function lastWholeDay(
  store: ObjectStore,
  site: string,
  entities: readonly Entity[],
): Promise<Day | null> {
  const lasts = await Promise.all(
    entities.map(async (entity) => (await completeDays(store, entity, site)).at(-1) ?? null),
  )
  return lasts.reduce(
    (least, last) => (least === null || last === null || last < least ? last : least),
    lasts[0] ?? null,
  )
}

const QUICK_MS = 3_000

/** The same; null too when the store does not say it quickly: what is nice to know must not keep the message back. */
async function lastDayIfQuick(
  store: ObjectStore,
  site: string,
  entities: readonly Entity[],
): Promise<Day | null> {
  const { within } = await import('../notify/within.ts')
  return within(QUICK_MS, 'the warehouse', () => lastWholeDay(store, site, entities)).catch(() => null)
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
  if (site.notify.length === 0) return
  const { notify } = await import('../notify/notify.ts')
  const sending = await sendingFrom(site, call.io)
  const isWhole = exitOfRun(report) === 0 || warehouse === undefined
  const { targets, memory } = await notify(
    {
      report,
      tokenExpiresAt: expiryOf(site, report),
      site,
      targets: site.notify,
      entities: site.entities,
      isPat: site.signIn.kind === 'pat',
      acceptCommand: (entity, candidate) =>
        acceptCommand(call.options, { entity, candidate, site: site.slug }),
      lastComplete: isWhole ? null : await lastDayIfQuick(warehouse.store, site.slug, input.entities),
    },
    { ...sending, store: warehouse?.store ?? null, newId: randomUUID },
  )
  const problems = targets.flatMap(({ target, outcome, reason }) =>
    outcome === 'failed' ? [`${target} was not told: ${reason}`] : [],
  )
  for (const problem of [...(memory === null ? [] : [memory]), ...problems]) await warn(call, problem)
}

/** Sends a test message to everybody a site's configuration names. Never throws for one that is not taken. */
export async function sendTestMessages(site: SiteConfiguration, io: Io) {
  const { testMessages } = await import('../notify/test-message.ts')
  const { clock, ...sending } = await sendingFrom(site, io)
  const now = clock.now()
  const subject = { site: site.slug, owner: site.owner, dt: dayIn(site.timeZone, now), run: newRun(now) }
  return testMessages(site.notify, subject, sending)
}
