import { readFile } from 'node:fs/promises'
import { AlmanacError } from '../core/errors.ts'
import { readAuthorities } from './authorities.ts'
import { type Environment, proxyFromEnvironment } from './proxy.ts'
import type { ProxyServer, Way } from './way.ts'

/** What is configured of the way to a URL. */
export interface WayOptions {
  readonly url: string
  /** `direct`: none, whatever the environment says. Undefined: the environment decides. */
  readonly proxy: ProxyServer | 'direct' | undefined
  /** PEM file of authorities trusted beside Node's own. */
  readonly caFile: string | undefined
  readonly env: Environment
}

/** The operating system's errors in words; any other is named by its code. */
const FILE_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'reading it is not allowed',
  EISDIR: 'it is a folder',
}

/** The certificates of one PEM file; `named` is what messages call it. Throws `bad-configuration`, naming the file. */
export async function authoritiesIn(path: string, named: string): Promise<readonly string[]> {
  const place = `${path} (${named})`
  const pem = await readFile(path, 'utf8').catch((thrown: unknown) => {
    const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unknown'
    throw new AlmanacError(
      'bad-configuration',
      `${place}: ${FILE_ERRORS[code] ?? `reading failed (${code})`}`,
      {
        next: 'Correct the path, or let the user that runs Almanac read the file.',
      },
    )
  })
  return readAuthorities(pem, place)
}

/** Node reads NODE_EXTRA_CA_CERTS by itself only as long as it is given no authorities besides. */
async function allAuthorities(caFile: string, env: Environment): Promise<readonly string[]> {
  const extra = env['NODE_EXTRA_CA_CERTS']
  const known = extra === undefined || extra === '' ? [] : await authoritiesIn(extra, 'NODE_EXTRA_CA_CERTS')
  return [...new Set([...(await authoritiesIn(caFile, 'the CA file')), ...known])]
}

/**
 * The way to a URL: reads the CA file, and NODE_EXTRA_CA_CERTS beside it; the proxy is the configured one, else what
 * HTTPS_PROXY and NO_PROXY say. Connects nowhere. Throws `bad-configuration`, naming the file or the variable.
 */
export async function openWay({ url, proxy, caFile, env }: WayOptions): Promise<Way> {
  const configured = proxy === 'direct' ? undefined : proxy
  return {
    proxy: proxy === undefined ? proxyFromEnvironment(new URL(url), env) : configured,
    authorities: caFile === undefined ? [] : await allAuthorities(caFile, env),
  }
}
