import { BlockList, isIP } from 'node:net'
import { hostOf, portOf } from './way.ts'

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 4 ? 'ipv4' : 'ipv6')

/** Whether an IP address is the entry's, or in its network; in any spelling of either. */
function isWithin(address: string, entry: string): boolean {
  const [network = '', length] = entry.split('/')
  const widest = isIP(network) === 4 ? 32 : 128
  const prefix = length === undefined ? widest : Number(length)
  const isNetwork = isIP(network) !== 0 && (length === undefined || /^\d{1,3}$/.test(length))
  if (!isNetwork || isIP(address) === 0 || prefix > widest) return false
  const list = new BlockList()
  list.addSubnet(network, prefix, familyOf(network))
  return list.check(address, familyOf(address))
}

/** `host:port`, `[::1]:443`, `[::1]`; what is an IPv6 address without brackets has no port. */
function splitPort(entry: string): { readonly host: string; readonly port: number | undefined } {
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d+))?$/.exec(entry) ?? []
  return { host: bracketed ?? plain ?? entry, port: port === undefined ? undefined : Number(port) }
}

/** `.domain` and `*.domain` are `domain`, which is the host itself and all below it. */
function names(entry: string, host: string, port: number): boolean {
  const wanted = splitPort(entry)
  if (wanted.port !== undefined && wanted.port !== port) return false
  if (isWithin(host, wanted.host)) return true
  if (isIP(host) !== 0) return false
  const domain = wanted.host.replace(/^\*?\.|\.$/g, '')
  return domain !== '' && (host === domain || host.endsWith(`.${domain}`))
}

/**
 * Whether a NO_PROXY names the host of a URL. There is no standard; these are the forms that curl, Go and Python take between
 * them: entries divided by commas or spaces, each `*`, a host, a domain with or without `.` or `*.` before it (all hosts below
 * it too), an IP address or a network (`10.0.0.0/8`), and a port behind any of them. Names are not resolved.
 */
export function isExempt(url: URL, noProxy: string): boolean {
  const [host, port] = [hostOf(url).toLowerCase(), portOf(url)]
  const entries = noProxy.toLowerCase().split(/[\s,]+/)
  return entries.some((entry) => entry === '*' || names(entry, host, port))
}
