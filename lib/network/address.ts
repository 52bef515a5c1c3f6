import { BlockList, isIP } from 'node:net'
import { AlmanacError } from '../core/errors.ts'

/** A server's address after the checks: `url` is `https://host[:port]` and nothing more. */
export interface ServerAddress {
  readonly url: string
  readonly host: string
}

type Subnet = readonly [address: string, prefix: number, family: 'ipv4' | 'ipv6']

const LOOPBACK: readonly Subnet[] = [
  ['127.0.0.0', 8, 'ipv4'],
  ['::1', 128, 'ipv6'],
]

/**
 * Where a cloud machine's credentials can be asked for, and what only a machine's own link reaches:
 * no Tableau server lives there. Private networks are not listed: Tableau Server is at home in them.
 */
const NEVER_A_SERVER: readonly Subnet[] = [
  ['169.254.0.0', 16, 'ipv4'], // link-local; EC2, Azure, Google and ECS metadata
  ['fe80::', 10, 'ipv6'], // link-local
  ['fd00:ec2::', 32, 'ipv6'], // EC2 metadata
  ['fd20:ce::', 32, 'ipv6'], // Google metadata
  ['100.100.100.200', 32, 'ipv4'], // Alibaba metadata
  ['192.0.0.192', 32, 'ipv4'], // Oracle metadata
  ['168.63.129.16', 32, 'ipv4'], // Azure's wire server
]

/** What stands before an IPv4 address that an IPv6 one leads to: compatible, translated, NAT64 of everybody and of one's own. */
const BEFORE_IPV4 = ['::', '::ffff:0:', '64:ff9b::', '64:ff9b:1::']

/** 6to4 has the IPv4 address behind its first 16 bits. */
function sixToFour(address: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number)
  return `2002:${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}::`
}

/** A subnet with every IPv6 subnet by which it can be reached. A BlockList sees ::ffff:a9fe:a9fe by itself. */
function everyWayTo([address, prefix, family]: Subnet): readonly Subnet[] {
  if (family === 'ipv6') return [[address, prefix, family]]
  const behind = BEFORE_IPV4.map((before): Subnet => [`${before}${address}`, 96 + prefix, 'ipv6'])
  return [[address, prefix, family], ...behind, [sixToFour(address), 16 + prefix, 'ipv6']]
}

function blockList(subnets: readonly Subnet[]): BlockList {
  const list = new BlockList()
  for (const [address, prefix, family] of subnets) list.addSubnet(address, prefix, family)
  return list
}

const forbidden = blockList(NEVER_A_SERVER.flatMap(everyWayTo))
const loopback = blockList(LOOPBACK)

const holds = (list: BlockList, address: string): boolean => {
  const family = isIP(address)
  return family !== 0 && list.check(address, family === 4 ? 'ipv4' : 'ipv6')
}

/** Whether an IP address is link-local or a metadata service. False for names. */
export const isForbiddenIp = (address: string): boolean => holds(forbidden, address)

/** Whether an IP address is loopback. False for names. */
export const isLoopbackIp = (address: string): boolean => holds(loopback, address)

/** Whether a host (with or without a port) is Tableau Cloud: `online.tableau.com`, or below it. */
export const isTableauCloud = (host: string): boolean => /(^|\.)online\.tableau\.com\.?(:\d+)?$/i.test(host)

const bare = (hostname: string): string => hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')

/** Whether plain http may be spoken to this host name: `localhost` and loopback addresses. */
const isLoopbackHost = (hostname: string): boolean =>
  bare(hostname) === 'localhost' || isLoopbackIp(bare(hostname))

/** The text as a URL; https when it names no scheme. What follows the host (a page, a site, a query) is what people paste. */
function parsed(text: string): URL {
  const full = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`
  try {
    return new URL(full)
  } catch {
    throw new AlmanacError('bad-configuration', `The server's address is no URL: "${text.slice(0, 200)}"`, {
      next: 'Give the address as https://host, for example https://10ax.online.tableau.com.',
    })
  }
}

/**
 * Checks a server's address and reduces it to scheme, host and port.
 * Throws `bad-configuration` (no URL, or one with a password in it), `insecure-address` (http to anything but loopback),
 * `forbidden-address` (link-local or metadata, in any spelling of the IP address).
 */
export function parseAddress(text: string): ServerAddress {
  const url = parsed(text.trim())
  if (url.username !== '' || url.password !== '') {
    throw new AlmanacError('bad-configuration', `The address of ${url.host} holds a user name or password`, {
      next: 'Give the address without them; Almanac signs in with a personal access token.',
    })
  }
  if (isForbiddenIp(bare(url.hostname))) {
    throw new AlmanacError('forbidden-address', `${url.hostname} is a link-local or metadata address`)
  }
  const secure = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackHost(url.hostname))
  if (!secure) throw new AlmanacError('insecure-address', `${url.protocol}//${url.host} is not encrypted`)
  return { url: url.origin, host: url.host }
}
