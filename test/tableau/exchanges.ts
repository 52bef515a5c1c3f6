import { expect, onTestFinished } from 'vitest'
import type { AlmanacError } from '../../lib/core/errors.ts'
import { parseAddress } from '../../lib/network/address.ts'
import { DIRECT } from '../../lib/network/way.ts'
import {
  openTransport,
  type Request,
  TIMEOUTS,
  type Timeouts,
  type Transport,
} from '../../lib/tableau/transport.ts'
import { TOKEN } from './servers.ts'

/** A request for a page of users. */
export const REQUEST: Request = {
  method: 'GET',
  path: '/api/3.29/sites/x/users',
  query: { pageSize: '10' },
  token: TOKEN,
  shape: { list: 'users', item: 'user' },
}

/** A transport to a server, closed when the test is over. */
export function transportTo(url: string, timeouts: Partial<Timeouts> = {}): Transport {
  const transport = openTransport({
    address: parseAddress(url),
    way: DIRECT,
    connections: 2,
    timeouts: { ...TIMEOUTS, ...timeouts },
    now: () => 0,
  })
  onTestFinished(() => transport.destroy())
  return transport
}

/** The error that the request ends with. */
export const fails = async (url: string, timeouts?: Partial<Timeouts>): Promise<AlmanacError> =>
  transportTo(url, timeouts)
    .exchange(REQUEST)
    .then(
      () => expect.unreachable('the exchange succeeded'),
      (thrown) => thrown,
    )
