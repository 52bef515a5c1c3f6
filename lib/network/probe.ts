import { networkFailure } from './failure.ts'
import { guardedLookup } from './lookup.ts'
import { openTcp } from './socket.ts'
import { authorityOf, DIRECT } from './way.ts'

/**
 * The addresses that a host's name has, without link-local and metadata ones.
 * Throws `unreachable` (no such name, no name server), `forbidden-address` when none remains.
 */
export function resolveHost(host: string): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    guardedLookup(false)(host, { all: true }, (error, found) => {
      if (error !== null) return reject(networkFailure(error, host))
      const addresses = typeof found === 'string' ? [found] : found.map(({ address }) => address)
      resolve([...new Set(addresses)])
    })
  })
}

/**
 * Whether something listens at a port, without a proxy: connects, and closes at once. `timeoutMs` in milliseconds.
 * Throws `unreachable`, `forbidden-address`.
 */
export async function reachTcp(host: string, port: number, timeoutMs: number): Promise<void> {
  try {
    const socket = await openTcp({ host, port, timeoutMs, lookup: guardedLookup(false) })
    socket.destroy()
  } catch (thrown) {
    throw networkFailure(thrown, authorityOf({ host, port }), DIRECT)
  }
}
