import { isError } from '../core/errors.ts'
import type { RawItem } from '../core/item.ts'
import type { Identity } from './identity.ts'
import type { Readers } from './readers.ts'

const one = (item: RawItem, path: string): string => [item[path] ?? []].flat()[0] ?? ''

const isUntold = (thrown: unknown): boolean =>
  isError(thrown, 'forbidden') ||
  (isError(thrown, 'tableau-error') && thrown.tableauCode?.startsWith('404') === true)

/**
 * When the personal access token of a sign-in expires, in ms; null when that cannot be known: another kind of identity,
 * a server that does not know the method (Tableau Server) or forbids it, or no date for the token.
 * Throws what a call throws otherwise. Source: REST API reference, List Personal Access Tokens for User (Tableau Cloud).
 */
export async function readTokenExpiry(
  readers: Readers,
  identity: Identity,
  userId: string,
): Promise<number | null> {
  if (identity.kind !== 'pat') return null
  const read = {
    path: `users/${userId}/personal-access-tokens`,
    list: 'personalAccessTokens',
    item: 'personalAccessToken',
    query: {},
    paging: 'none',
  } as const
  try {
    const { items } = await readers.page(read, 1)
    const mine = items.find((item) => one(item, '@tokenName') === identity.name)
    const expires = Date.parse(mine === undefined ? '' : one(mine, '@expiresAt'))
    return Number.isNaN(expires) ? null : expires
  } catch (thrown) {
    if (isUntold(thrown)) return null
    throw thrown
  }
}
