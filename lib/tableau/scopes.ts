/** What the look at ourselves after each sign-in needs. */
const OWN_USER_SCOPE = 'tableau:users:read'

/** The access scopes that a connected app needs to read these entities: each once, sorted. */
export const scopesFor = (entities: readonly { readonly scope: string }[]): readonly string[] =>
  [...new Set([OWN_USER_SCOPE, ...entities.map(({ scope }) => scope)])].sort()
