import { AlmanacError } from '../core/errors.ts'
import { secretOf } from '../core/secret.ts'
import { isExempt } from './no-proxy.ts'
import type { ProxyServer } from './way.ts'

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>

/** The messages say nothing of the value: it may hold a password. */
const wrong = (place: string, what: string): AlmanacError =>
  new AlmanacError('bad-configuration', `${place} ${what}`, {
    next: `Give ${place} as http://host:port or http://user:password@host:port, with special characters in the password percent-encoded; https:// where the proxy itself speaks TLS.`,
  })

function decoded(text: string, place: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw wrong(place, 'holds a % that encodes nothing')
  }
}

/** A scheme may be missing, as curl allows; http is meant then. */
function urlOf(text: string, place: string): URL {
  const full = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`
  if (!URL.canParse(full)) throw wrong(place, 'is no address of a proxy')
  const url = new URL(full)
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw wrong(place, `names a ${url.protocol.slice(0, -1)} proxy; Almanac speaks to http and https proxies`)
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '')
    throw wrong(place, 'holds more than scheme, user, password, host and port')
  return url
}

/**
 * A proxy's address as a proxy: user and password, percent-encoded, may stand before the host. `place` is where it was said.
 * Throws `bad-configuration`, which names the place and never the value.
 */
export function parseProxy(text: string, place: string): ProxyServer {
  const url = urlOf(text.trim(), place)
  if (url.username === '' && url.password === '') return { url: url.origin }
  const [user, password] = [decoded(url.username, place), decoded(url.password, place)]
  // The colon divides the two where they are sent (RFC 7617, section 2).
  if (user.includes(':')) throw wrong(place, 'holds a user name with a colon, which no proxy can be told')
  return { url: url.origin, user, password: secretOf(password) }
}

/** The variable that is set, by both its names; the lower-case one first, as curl does. An empty one counts as not set. */
function variable(
  env: Environment,
  name: string,
): { readonly name: string; readonly value: string } | undefined {
  for (const each of [name.toLowerCase(), name]) {
    const value = env[each]?.trim()
    if (value !== undefined && value !== '') return { name: each, value }
  }
  return undefined
}

/**
 * The proxy that HTTPS_PROXY and NO_PROXY, or https_proxy and no_proxy, say for a URL; undefined for none.
 * Plain http is spoken to loopback alone, which no proxy leads to. Throws `bad-configuration`, naming the variable.
 */
export function proxyFromEnvironment(url: URL, env: Environment): ProxyServer | undefined {
  const proxy = variable(env, 'HTTPS_PROXY')
  if (url.protocol !== 'https:' || proxy === undefined) return undefined
  if (isExempt(url, variable(env, 'NO_PROXY')?.value ?? '')) return undefined
  return parseProxy(proxy.value, proxy.name)
}
