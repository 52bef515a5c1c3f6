import { systemClock } from '../../lib/adapters/local/clock.ts'
import type { NotifyTarget } from '../../lib/config/configuration.ts'
import type { EntityOutcome } from '../../lib/core/event.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import type { RunReport } from '../../lib/core/report.ts'
import { type Secret, secretOf } from '../../lib/core/secret.ts'
import type { JsonMessage, JsonNews } from '../../lib/notify/json.ts'
import type { NotifyInput, NotifyPorts } from '../../lib/notify/notify.ts'

/** Noon of the first of November 2026, UTC. */
export const NOW = Date.parse('2026-11-01T12:00:00Z')
export const HASH = 'c0ffee'.repeat(10).padEnd(64, '0')

export const outcome = (entity: string, more: Partial<EntityOutcome> = {}): EntityOutcome => ({
  entity,
  verdict: 'complete',
  expected: 10,
  fetched: 10,
  duplicates: 0,
  new: 0,
  changed: 0,
  gone: 0,
  calls: 1,
  retries: 0,
  milliseconds: 5,
  candidate: null,
  already: false,
  reason: null,
  ...more,
})

export const report = (dt: string, more: Partial<RunReport> = {}): RunReport => ({
  format: 1,
  site: 'sales',
  dt,
  run: `run-${dt}`,
  server: 'https://tableau.example',
  apiVersion: '3.29',
  startedAt: NOW,
  endedAt: NOW,
  tokenExpiresAt: null,
  outcomes: [],
  failure: null,
  ...more,
})

export const failure = (code: string, message = `${code} happened`): NonNullable<RunReport['failure']> => ({
  code,
  message,
  next: `Mend ${code}.`,
})

export const acceptCommand = (entity: string, candidate: string): string =>
  `almanac accept ${entity} --sha ${candidate.slice(0, 12)} --site sales`

export const target = (kind: NotifyTarget['kind'], env = `${kind.toUpperCase()}_HOOK`): NotifyTarget => ({
  kind,
  url: { env },
})

/** A webhook that is a list: what it took, and whether it takes anything. */
export interface Inbox {
  readonly messages: JsonMessage[]
  readonly urls: string[]
  status: number
}

export const inbox = (): Inbox => ({ messages: [], urls: [], status: 200 })

/** All news that an inbox took, in short. */
export const newsIn = ({ messages }: Inbox): string[] =>
  messages.flatMap(({ news }) => news.map(({ kind, what }: JsonNews) => `${kind} ${what}`))

let ids = 0

/** Ports over a store and an inbox; the secret of an environment variable is its name as an address. */
export function portsOf(store: ObjectStore | null, box: Inbox, more: Partial<NotifyPorts> = {}): NotifyPorts {
  return {
    store,
    clock: { ...systemClock, now: () => NOW },
    newId: () => `id-${++ids}`,
    secrets: {
      read: async (reference) =>
        secretOf(`https://hooks.example/for-${'env' in reference ? reference.env : ''}`),
    },
    post: async (url: Secret, body: string) => {
      box.urls.push(url.reveal())
      if (box.status === 200) box.messages.push(JSON.parse(body))
      return { status: box.status }
    },
    ...more,
  }
}

/** Of a site that reads users alone. */
export const inputOf = (night: RunReport, more: Partial<NotifyInput> = {}): NotifyInput => ({
  report: night,
  tokenExpiresAt: night.tokenExpiresAt ?? null,
  isPat: true,
  site: { slug: night.site, owner: 'bi-team@example.com', timeZone: 'UTC' },
  entities: ['users'],
  targets: [target('json')],
  acceptCommand,
  ...more,
})

/** A night that ended before it read anything. */
export const failed = (dt: string, code = 'unreachable', more: Partial<RunReport> = {}): RunReport =>
  report(dt, { failure: failure(code), ...more })
/** A night with nothing to tell. */
export const fine = (dt: string): RunReport => report(dt, { outcomes: [outcome('users')] })
/** The JSON target as results name it. */
export const JSON_NAME = 'json webhook (environment variable JSON_HOOK)'
