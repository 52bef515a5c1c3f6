import { isIP } from 'node:net'
import type { SiteConfiguration } from '../config/configuration.ts'
import { parseAddress } from '../network/address.ts'
import { reachTcp, resolveHost } from '../network/probe.ts'
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

/** The way to a site, and why its own authorities cannot be part of it, if so. */
export interface FoundWay {
  readonly way: Way
  readonly authorities: Step<true>
}

/** A wrong CA file is the business of TLS; the proxy can be looked at without it. */
async function openedWay(site: SiteConfiguration, { wayTo }: DoctorPorts): Promise<FoundWay> {
  try {
    return { way: await wayTo(site), authorities: ok('tls', '', true) }
  } catch (thrown) {
    if (site.caFile === undefined) throw thrown
    return { way: await wayTo({ ...site, caFile: undefined }), authorities: failedBy('tls', thrown) }
  }
}

function noProxy({ proxy }: SiteConfiguration): string {
  return proxy === 'direct'
    ? 'none, as the configuration says'
    : 'none is configured, and none in the environment'
}

/** Which proxy leads to the site and who says so; whether it is there and lets us through. */
export async function proxy({ site }: DoctorSubject, ports: DoctorPorts): Promise<Step<FoundWay>> {
  const found = await openedWay(site, ports)
  const server = found.way.proxy
  if (server === undefined) return ok('proxy', noProxy(site), found)
  const { host, port, timeoutMs } = destinationOf(site)
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
