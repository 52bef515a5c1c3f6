import { inspect } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { AlmanacError } from '../../lib/core/errors.ts'
import type { RunEvent } from '../../lib/core/event.ts'
import type { Client, ClientOptions } from '../../lib/tableau/client.ts'
import { signInToKeep, signOutKept } from '../../lib/tableau/kept.ts'
import { type Generation, type ResumeOptions, resume } from '../../lib/tableau/resume.ts'
import {
  answerXml,
  complaint,
  optionsFor,
  quickClock,
  type TinySite,
  tinySite,
  USERS,
  usersOf,
} from './servers.ts'
import { appIdentity, openToAll, SCOPES } from './sign-in-identities.ts'

const refused = () => Promise.reject(new AlmanacError('internal', 'nobody may renew'))

/** A session that is kept, and how clients go on with it. */
async function kept(url: string, options: Partial<ClientOptions> = {}) {
  const settings = optionsFor(url, options)
  const first: Generation = { generation: 0, session: await signInToKeep(settings) }
  const resumed = (more: Partial<ResumeOptions> = {}): Client => {
    const { signIn: _, beforeSignIn: __, ...line } = settings
    const client = resume({ ...line, serverUrl: url, kept: first, renew: refused, ...more })
    onTestFinished(() => client.close())
    return client
  }
  const again = async (generation: number): Promise<Generation> => ({
    generation: generation + 1,
    session: await signInToKeep(settings),
  })
  return { first, resumed, again, settings }
}

const endSession = (site: TinySite): void => {
  site.token = 'ended'
}

describe('a kept session', () => {
  it('stays open, and its token shows nowhere', async () => {
    const site = await tinySite(usersOf(2))
    const { first, resumed } = await kept(site.url)
    const client = resumed()
    expect((await client.page(USERS, 1)).items).toHaveLength(2)
    await client.close()
    expect([site.signIns, site.signOuts, (await resumed().page(USERS, 1)).items.length]).toEqual([1, 0, 2])
    const shown = inspect([first, client], { depth: 20, showHidden: true }) + JSON.stringify([first, client])
    expect(shown).toContain('[hidden]')
    expect(shown).not.toContain(site.token.slice(0, 8))
  })

  it('is signed out by another process, and once more without harm', async () => {
    const site = await tinySite(usersOf(2), {})
    const { first, settings } = await kept(site.url)
    await signOutKept(first.session, settings)
    expect(site.signOuts).toBe(1)
    const ended = await tinySite(usersOf(2), {
      '/auth/signout': (_, response) => answerXml(response, complaint('401002'), 401),
    })
    await signOutKept({ ...first.session, server: ended.url }, settings)
  })

  it('says that it could not be signed out', async () => {
    const site = await tinySite(usersOf(2), {
      '/auth/signout': (_, response) => response.writeHead(503).end(),
    })
    const { first, settings } = await kept(site.url)
    await expect(signOutKept(first.session, settings)).rejects.toMatchObject({ code: 'server-error' })
  })

  it('does not fail because nobody tells when its token expires', async () => {
    const events: RunEvent[] = []
    const site = await tinySite((_, response) => answerXml(response, complaint('500000'), 500))
    const { first } = await kept(site.url, { emit: (event) => events.push(event) })
    expect(first.session.tokenExpiresAt).toBeNull()
    expect(events).toContainEqual({
      type: 'warned',
      entity: null,
      message: expect.stringContaining('When the token expires could not be asked'),
    })
  })

  it('is signed out when its user cannot be read', async () => {
    const site = await tinySite(usersOf(2), {
      '/users/1a2b3c4d-5e6f-7a8b-9c0d-1e2f3a4b5c6d': (_, response) =>
        answerXml(response, complaint('403004'), 403),
    })
    await expect(kept(site.url)).rejects.toMatchObject({ code: 'forbidden' })
    expect(site.signOuts).toBe(1)
  })

  it('goes to no other server than configuration names', async () => {
    const [site, other] = [await tinySite(usersOf(2)), await tinySite(usersOf(2))]
    const { resumed } = await kept(site.url)
    expect(() => resumed({ serverUrl: other.url })).toThrow(expect.objectContaining({ code: 'session-lost' }))
    expect(other.paths).toEqual([])
  })
})

describe('a resumed session that ends', () => {
  it('is renewed once for all callers, telling the generation that ended', async () => {
    const site = await tinySite(usersOf(8000))
    const { resumed, again } = await kept(site.url)
    const asked: number[] = []
    const client = resumed({
      renew: (generation) => {
        asked.push(generation)
        return again(generation)
      },
    })
    endSession(site)
    const read = await Promise.all([1, 2, 3, 4].map((number) => client.page(USERS, number)))
    expect(read.reduce((sum, { cost }) => sum + cost.renewals, 0)).toBe(1)
    expect([asked, site.signIns]).toEqual([[0], 2])
  })

  it('is lost for good when it ends twice within ten minutes', async () => {
    const clock = quickClock()
    const site = await tinySite(usersOf(2))
    const { resumed, again } = await kept(site.url, { clock })
    const client = resumed({ renew: again })
    for (const minutes of [0, 10]) {
      clock.pass(minutes * 60_000)
      endSession(site)
      await client.page(USERS, 1)
    }
    endSession(site)
    await expect(client.page(USERS, 1)).rejects.toMatchObject({ code: 'session-lost' })
    expect(site.signIns).toBe(3)
  })

  it('stops all callers with what renewing threw', async () => {
    const site = await tinySite(usersOf(2))
    const client = (await kept(site.url)).resumed()
    endSession(site)
    for (const _ of [1, 2])
      await expect(client.page(USERS, 1)).rejects.toMatchObject({ message: 'nobody may renew' })
  })

  it('is told from one whose scopes do not cover a method', async () => {
    const simulator = await openToAll()
    const identity = appIdentity(simulator, { scopes: SCOPES.filter((scope) => !scope.includes('groups')) })
    const signIn = { serverUrl: simulator.url, contentUrl: simulator.site, identity }
    const client = (await kept(simulator.url, { signIn })).resumed()
    const groups = { path: 'groups', list: 'groups', item: 'group', query: {}, paging: 'numbered' } as const
    await expect(client.page(groups, 1)).rejects.toMatchObject({ code: 'forbidden' })
    expect((await client.page(USERS, 1)).items.length).toBeGreaterThan(0)
  })
})
