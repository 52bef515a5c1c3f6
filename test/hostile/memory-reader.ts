import type { Clock } from '../../lib/core/ports.ts'
import { connect } from '../../lib/tableau/client.ts'
import { patIdentity } from '../../lib/tableau/identity.ts'

/** What reading one server came to: the error's code, and the most memory that this process had up to then, in MB. */
export interface Reading {
  readonly code: string
  readonly peak: number
}

const USERS = { path: 'users', list: 'users', item: 'user', query: {}, paging: 'numbered' } as const

/** Retries are due at once. */
const clock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  sleep: async (_, signal) => signal?.throwIfAborted(),
}

const peakNow = (): number => process.resourceUsage().maxRSS / 1024

async function codeOf(serverUrl: string): Promise<string> {
  const client = await connect({
    signIn: { serverUrl, contentUrl: 'demo', identity: patIdentity('nightly', 'secret') },
    clock,
    random: () => 0,
    emit: () => undefined,
    timeouts: { signOut: 1_000 },
  })
  try {
    const { items } = await client.page(USERS, 1)
    return `read ${items.length}`
  } catch (thrown) {
    return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : String(thrown)
  } finally {
    await client.close()
  }
}

/** Reads page 1 of the users of each server named on the command line, and prints a `Reading` for each as a line of JSON. */
async function main(urls: readonly string[]): Promise<void> {
  for (const url of urls) {
    const reading: Reading = { code: await codeOf(url), peak: peakNow() }
    process.stdout.write(`${JSON.stringify(reading)}\n`)
  }
}

await main(process.argv.slice(2))
