import type { SiteConfiguration } from '../config/configuration.ts'
import type { Clock, Secrets } from '../core/ports.ts'
import type { Post } from '../notify/webhook.ts'
import { type Surroundings, wayTo } from './connection.ts'

const TIMEOUTS = { connect: 10_000, headers: 10_000, idle: 10_000 }

/**
 * Posts to webhooks by the way that leads to Tableau: the site's proxy, else the environment's, and its authorities. A
 * site that is reached directly leaves the webhook to the environment.
 */
export function postFrom(
  site: SiteConfiguration,
  around: Surroundings,
  secrets: Secrets,
  clock: Clock,
): Post {
  const proxy = site.proxy === 'direct' ? undefined : site.proxy
  return async (url, body, signal) => {
    const [{ openDispatcher }, { webhookPost }] = await Promise.all([
      import('../network/dispatcher.ts'),
      import('../notify/webhook.ts'),
    ])
    const address = url.reveal().trim()
    const origin = URL.canParse(address) ? new URL(address).origin : site.server
    const way = await wayTo({ ...site, proxy, server: origin }, secrets, around).catch(() =>
      plainWay(origin, around),
    )
    const dispatcher = openDispatcher({ origin: new URL(origin), way, connections: 1, timeouts: TIMEOUTS })
    try {
      return await webhookPost(dispatcher, { clock })(url, body, signal)
    } finally {
      await dispatcher.destroy()
    }
  }
}

/** A CA file or a proxy's password that is wrong may be the very thing to tell of, so it must not keep the message back. */
async function plainWay(url: string, { env }: Surroundings) {
  const { openWay } = await import('../network/open-way.ts')
  return openWay({ url, proxy: undefined, caFile: undefined, env })
}
