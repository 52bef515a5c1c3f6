import type { Pat } from './door.ts'
import type { User, World } from './facts.ts'
import type { Listing } from './listing.ts'
import { luids } from './random.ts'
import { userOf } from './user-ref.ts'
import { element } from './xml.ts'

const guidOf = luids('pat', 'guid')

/** The tokens of a user, without their secrets (Tableau help: List Personal Access Tokens for User). */
export const patListing = (pats: readonly Pat[], world: World, owner: User): Listing => {
  const mine = pats.flatMap((pat, index) =>
    userOf(world, pat.user ?? 0)?.id === owner.id ? [{ pat, tokenGuid: guidOf(index + 1) }] : [],
  )
  const rows = mine.map(({ pat, tokenGuid }) =>
    element('personalAccessToken', { tokenName: pat.name, tokenGuid, expiresAt: pat.expiresAt }),
  )
  return {
    list: 'personalAccessTokens',
    item: 'personalAccessToken',
    order: rows.map((_, index) => index),
    row: (position) => rows[position] ?? '',
  }
}
