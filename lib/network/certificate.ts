import type { Socket } from 'node:net'
import { networkFailure } from './failure.ts'
import { guardedLookup } from './lookup.ts'
import { openTcp } from './socket.ts'
import { examineOver, type TlsReport } from './tls-report.ts'
import { tunnelThrough } from './tunnel.ts'
import { authorityOf, type Target } from './way.ts'

const opened = (target: Target): Promise<Socket> =>
  target.way.proxy === undefined
    ? openTcp({ ...target, lookup: guardedLookup(false) })
    : tunnelThrough(target.way.proxy, target)

/**
 * Looks at the certificates that a server shows, through the proxy when there is one: which they are, whether they are
 * trusted, and if not which one failed and why. Nothing is sent on the connection that it opens. Each step may take `timeoutMs`.
 * Throws `unreachable`, `forbidden-address`, what `tunnelThrough` throws, `tls-failed` when no TLS comes about at all.
 */
export async function examineTls(target: Target): Promise<TlsReport> {
  try {
    return await examineOver(await opened(target), target, target.way.authorities)
  } catch (thrown) {
    throw networkFailure(thrown, authorityOf(target))
  }
}
