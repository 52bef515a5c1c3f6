import { dayName } from './calendar.ts'
import { change, type Draft, momentOf } from './draft.ts'
import { personName } from './names.ts'
import { makeGroup, makeUser, roleOf, someUsers } from './people.ts'
import { at, type Random, share } from './random.ts'

const otherThanFirst = (random: Random, length: number): number | undefined =>
  length < 2 ? undefined : 1 + random.below(length - 1)

const repeat = (times: number, act: () => void): void => {
  for (let left = times; left > 0; left--) act()
}

const owners = (draft: Draft): Set<string> => {
  const ids = new Set<string>()
  for (const list of [draft.projects, draft.workbooks, draft.datasources])
    for (const row of list) ids.add(row.ownerId)
  return ids
}

const join = (draft: Draft, random: Random): void => {
  const user = makeUser(draft, random)
  draft.users.push(user)
  repeat(2, () => {
    const index = otherThanFirst(random, draft.groups.length)
    if (index === undefined) return
    const { id } = at(draft.groups, index)
    const members = draft.members.get(id) ?? []
    if (!members.includes(user.id)) draft.members.set(id, [...members, user.id])
  })
}

/**
 * Users leave. One who owns content cannot be removed and becomes Unlicensed (Tableau help: Remove Users from
 * Site, error 409003); the others are gone. Either way they leave all groups but All Users.
 */
const leave = (draft: Draft, random: Random, count: number): void => {
  const leaving = new Set<string>()
  repeat(count, () => {
    const index = otherThanFirst(random, draft.users.length)
    if (index !== undefined) leaving.add(at(draft.users, index).id)
  })
  if (leaving.size === 0) return
  const keep = owners(draft)
  draft.users = draft.users
    .filter((user) => !leaving.has(user.id) || keep.has(user.id))
    .map((user) => (leaving.has(user.id) ? { ...user, siteRole: 'Unlicensed' } : user))
  for (const [group, members] of draft.members) {
    if (members.some((id) => leaving.has(id))) {
      draft.members.set(
        group,
        members.filter((id) => !leaving.has(id)),
      )
    }
  }
}

const signIns = (draft: Draft, random: Random): void => {
  draft.users = draft.users.map((user, index) => {
    if (user.siteRole === 'Unlicensed' || !random.chance(index === 0 ? 1 : 0.3)) return user
    return { ...user, lastLogin: momentOf(draft, random) }
  })
}

const changePerson = (draft: Draft, random: Random): void => {
  const index = otherThanFirst(random, draft.users.length)
  if (index === undefined) return
  const { siteRole } = at(draft.users, index)
  if (siteRole === 'Unlicensed' || random.chance(0.6))
    change(draft.users, index, { siteRole: roleOf(random) })
  else change(draft.users, index, { fullName: personName(random, draft.serials.user + index).fullName })
}

const changeMembers = (draft: Draft, random: Random): void => {
  const index = otherThanFirst(random, draft.groups.length)
  if (index === undefined) return
  const { id } = at(draft.groups, index)
  const kept = (draft.members.get(id) ?? []).filter(() => !random.chance(0.05))
  draft.members.set(id, [...new Set([...kept, ...someUsers(draft, random, random.below(4))])])
}

const renameGroup = (draft: Draft, random: Random): void => {
  const index = otherThanFirst(random, draft.groups.length)
  if (index === undefined) return
  change(draft.groups, index, {
    name: `${at(draft.groups, index).name.split(' as of ')[0]} as of ${dayName(draft.day)}`,
  })
}

const deleteGroup = (draft: Draft, random: Random): void => {
  const index = otherThanFirst(random, draft.groups.length)
  if (index === undefined) return
  for (const group of draft.groups.splice(index, 1)) draft.members.delete(group.id)
}

const addGroup = (draft: Draft, random: Random): void => {
  const group = makeGroup(draft, random)
  draft.groups.push(group)
  draft.members.set(group.id, someUsers(draft, random, random.below(30)))
}

/** A day among people: they join, leave, sign in, change roles and names, and groups change with them. */
export const churnPeople = (draft: Draft, random: Random): void => {
  const { users, groups } = draft
  const userCount = users.length
  const groupCount = groups.length
  repeat(share(random, userCount, 0.0025), () => join(draft, random))
  leave(draft, random, share(random, userCount, 0.002))
  repeat(share(random, userCount, 0.001), () => changePerson(draft, random))
  repeat(share(random, groupCount, 0.003), () => addGroup(draft, random))
  repeat(share(random, groupCount, 0.003), () => renameGroup(draft, random))
  repeat(share(random, groupCount, 0.002), () => deleteGroup(draft, random))
  repeat(share(random, groupCount, 0.04), () => changeMembers(draft, random))
  signIns(draft, random)
}
