import type { User, World } from './facts.ts'

/** A user by name (upper and lower case count), or by position from 0: the first is the site's administrator. */
export type UserRef = string | number

/** The user on a day; undefined when the site has none of that name or position. */
export const userOf = (world: World, ref: UserRef): User | undefined =>
  typeof ref === 'number' ? world.users[ref] : world.users.find(({ name }) => name === ref)
