import type { Secret } from '../core/secret.ts'

/** A proxy that leads to hosts by CONNECT: `http://host:port` or `https://host:port`, and who we are to it. */
export interface ProxyServer {
  readonly url: string
  readonly user?: string
  readonly password?: Secret
}

/** How hosts beyond this machine are reached. */
export interface Way {
  /** Undefined: directly. */
  readonly proxy: ProxyServer | undefined
  /** Certificates in PEM that are trusted beside Node's own roots. */
  readonly authorities: readonly string[]
}

/** Without a proxy, trusting Node's own roots. */
export const DIRECT: Way = { proxy: undefined, authorities: [] }

/** One port of one host, how it is reached, and how long each step of the way may take, in milliseconds. */
export interface Target {
  /** A name, or an IP address without brackets. */
  readonly host: string
  readonly port: number
  readonly way: Way
  readonly timeoutMs: number
}

/** A URL's host as sockets take it: without the brackets of IPv6, and without the root's dot at the end. */
export const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')

/** A URL's port, the scheme's own when it names none. */
export const portOf = (url: URL): number => Number(url.port) || (url.protocol === 'https:' ? 443 : 80)

/** `host:port`, as CONNECT asks for it and messages show it. */
export const authorityOf = ({ host, port }: Pick<Target, 'host' | 'port'>): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`

/** A proxy as messages name it: nothing but scheme, host and port, whatever else its URL holds. */
export const proxyName = ({ url }: ProxyServer): string => `the proxy ${new URL(url).origin}`
