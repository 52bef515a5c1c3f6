import { type LookupAddress, type LookupOptions, lookup } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { AlmanacError } from '../core/errors.ts'
import { isForbiddenIp, isLoopbackIp } from './address.ts'

type Resolve = (
  hostname: string,
  options: LookupOptions & { all: true },
  answer: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void

/**
 * Name resolution that a socket can use, without the addresses that are never a Tableau server. Checking the addresses
 * that the socket is about to use, not those of an earlier look, leaves no room for a name that changes its mind.
 * With `loopbackOnly` (plain http) only loopback addresses remain.
 * Fails with `forbidden-address` when no address remains.
 */
export function guardedLookup(loopbackOnly: boolean, resolve: Resolve = lookup): LookupFunction {
  const isAllowed = (address: string) => !isForbiddenIp(address) && (!loopbackOnly || isLoopbackIp(address))
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, found) => {
      if (error !== null) return callback(error, '', 0)
      const allowed = found.filter(({ address }) => isAllowed(address))
      const first = allowed[0]
      if (first === undefined) return callback(refusal(hostname, found, loopbackOnly), '', 0)
      if (options.all === true) callback(null, allowed)
      else callback(null, first.address, first.family)
    })
  }
}

function refusal(hostname: string, found: readonly LookupAddress[], loopbackOnly: boolean): AlmanacError {
  const addresses = found.map(({ address }) => address).join(', ')
  return loopbackOnly
    ? new AlmanacError('insecure-address', `${hostname} resolves to ${addresses}, which is not loopback`)
    : new AlmanacError('forbidden-address', `${hostname} resolves to ${addresses}: link-local or metadata`)
}
