import { isIP } from 'node:net'
import type { SiteConfiguration } from '../config/configuration.ts'
import { parseAddress } from '../network/address.ts'
import { authoritiesIn } from '../network/open-way.ts'
import { reachTcp, resolveHost } from '../network/probe.ts'
import type { Environment } from '../network/proxy.ts'
import { tunnelThrough } from '../network/tunnel.ts'
import { authorityOf, hostOf, type ProxyServer, portOf, proxyName, type Way } from '../network/way.ts'
import { failedBy, needless, ok, type Step } from './check.ts'
import { limited } from './limit.ts'
import type { DoctorPorts, DoctorSubject } from './subject.ts'

/** How long one step of the way may take at most, whatever the configuration allows a call, in ms. */
const LIMIT = 10_000

/** Where a site is, taken apart. */
export interface Destination {
  readonly host: string
  readonly port: number
  readonly isTls: boolean
  /** Milliseconds that each step may take. */
  readonly timeoutMs: number
}

/** The address of a site. Throws what `parseAddress` throws. */
export function destinationOf({ server, timeouts }: SiteConfiguration): Destination {
  const url = new URL(parseAddress(server).url)
  return {
    host: hostOf(url),
    port: portOf(url),
    isTls: url.protocol === 'https:',
    timeoutMs: Math.min(LIMIT, timeouts.connect * 1000),
  }
}

/** The way to a site, as its nights go it. */
export interface FoundWay {
  readonly way: Way
  /** The certificates of the CA file alone, in PEM; or why they cannot be part of the way. */
  readonly caFile: Step<readonly string[]>
}

/** A wrong CA file is the business of TLS; the proxy can be looked at without it. */
async function openedWay(site: SiteConfiguration, { wayTo }: DoctorPorts): Promise<FoundWay> {
  try {
    const way = await wayTo(site)
    const own = site.caFile === undefined ? [] : await authoritiesIn(site.caFile, 'the CA file')
    return { way, caFile: ok('tls', '', own) }
  } catch (thrown) {
    if (site.caFile === undefined) throw thrown
    return { way: await wayTo({ ...site, caFile: undefined }), caFile: failedBy('tls', thrown) }
  }
}

/** Nights speak plain http to this machine alone, and past every proxy. */
const PLAIN = 'plain http, to this machine alone, uses none'

/** Under which of its two names a variable is set, as `proxyFromEnvironment` looks for it. */
const setIn = (env: Environment, name: string): string | undefined =>
  [name.toLowerCase(), name].find((each) => (env[each] ?? '').trim() !== '')

/** Why no proxy leads to a site, and which one that is named somewhere is not used. */
function noProxy({ server, proxy }: SiteConfiguration, env: Environment): string {
  if (proxy === 'direct') return 'none, as the configuration says'
  const url = new URL(parseAddress(server).url)
  const isPlain = url.protocol === 'http:'
  if (proxy !== undefined) return `${new URL(proxy.url).origin} of the configuration is not used: ${PLAIN}`
  const named = setIn(env, 'HTTPS_PROXY')
  if (named === undefined) return 'none is configured, and none in the environment'
  const exempt = setIn(env, 'NO_PROXY') ?? 'NO_PROXY'
  return `${named} is not used: ${isPlain ? PLAIN : `${exempt} names ${hostOf(url)}`}`
}

/** Which proxy leads to the site and who says so; whether it is there and lets us through. */
export async function proxy({ site }: DoctorSubject, ports: DoctorPorts): Promise<Step<FoundWay>> {
  const { host, port, isTls, timeoutMs } = destinationOf(site)
  const opened = await openedWay(site, ports)
  const found = isTls ? opened : { ...opened, way: { ...opened.way, proxy: undefined } }
  const server = found.way.proxy
  if (server === undefined) return ok('proxy', noProxy(site, ports.env), found)
  // Its connection, its TLS, and its answer, each with a limit of its own.
  await limited(proxyName(server), 3 * timeoutMs + 1000, ports, async () => {
    const socket = await tunnelThrough(server, { host, port, timeoutMs, way: found.way })
    socket.destroy()
  })
  const whence = typeof site.proxy === 'object' ? 'the configuration' : 'the environment'
  return ok(
    'proxy',
    `${new URL(server.url).origin}, as ${whence} says, leads to ${authorityOf({ host, port })}`,
    found,
  )
}

const byProxy = (server: ProxyServer): string => `${proxyName(server)} does that`

/** Whether the host’s name has addresses. */
export async function name(to: Destination, found: FoundWay, ports: DoctorPorts): Promise<Step<FoundWay>> {
  if (found.way.proxy !== undefined) return needless('name', byProxy(found.way.proxy), found)
  const { host, timeoutMs } = to
  if (isIP(host) !== 0) return ok('name', `${host} is an address, nothing to look up`, found)
  const addresses = await limited(`looking up ${host}`, timeoutMs, ports, () => resolveHost(host))
  return ok('name', `${host} is ${addresses.join(', ')}`, found)
}

/** Whether something listens there. */
export async function tcp(to: Destination, found: FoundWay, ports: DoctorPorts): Promise<Step<FoundWay>> {
  if (found.way.proxy !== undefined) return needless('tcp', byProxy(found.way.proxy), found)
  const { host, port, timeoutMs } = to
  await limited(authorityOf(to), timeoutMs + 1000, ports, () => reachTcp(host, port, timeoutMs))
  return ok('tcp', `${authorityOf(to)} answers`, found)
}
