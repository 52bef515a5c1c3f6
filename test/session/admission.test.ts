import { describe, expect, it } from 'vitest'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import { keys } from '../../lib/core/keys.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import { type Admission, admit } from '../../lib/session/admission.ts'
import { refuseSecondSlug } from '../../lib/session/identity.ts'

const DAY = '2026-11-24'

interface Asked extends Partial<Admission> {
  readonly at?: string
  readonly server?: string
  readonly id?: string
}

/** Admits a run of the day with a session that was opened at an instant of the server's. */
const admitted = (store: ObjectStore, asked: Asked): Promise<void> => {
  const { at = `${DAY}T12:00:00Z`, server = 'https://tableau.example.com', id = 'luid', ...more } = asked
  const admission = { site: 'demo', timeZone: 'UTC', backdate: null, isDayNamed: true, ...more }
  const session = { server, site: { id, contentUrl: 'Demo' }, observedAt: Date.parse(at) }
  return admit(store, admission, DAY, session)
}

describe('a run is let in', () => {
  it.each([
    [`${DAY}T00:00:00Z`, 'UTC'],
    [`${DAY}T23:59:59Z`, 'UTC'],
    // A night that began before midnight and waited for the token's session.
    ['2026-11-25T07:59:59Z', 'UTC'],
    ['2026-11-23T23:00:00Z', 'UTC'],
    ['2026-11-23T15:30:00Z', 'Asia/Tokyo'],
    ['2026-11-25T15:30:00Z', 'America/Los_Angeles'],
  ])('on its day, by the server’s clock: %s in %s', async (at, timeZone) => {
    await admitted(memoryStore(), { at, timeZone })
  })

  it('on another day with a reason', async () => {
    await admitted(memoryStore(), { at: '2026-12-24T12:00:00Z', backdate: 'the first night' })
  })
})

describe('a run is refused, and binds no site', () => {
  it.each([
    ['the morning after', '2026-11-25T08:00:00Z', 'UTC'],
    ['the next afternoon', '2026-11-25T15:00:00Z', 'UTC'],
    ['two hours before', '2026-11-23T22:00:00Z', 'UTC'],
    ['where it is another day', `${DAY}T06:00:00Z`, 'America/Los_Angeles'],
  ])('%s', async (_, at, timeZone) => {
    const store = memoryStore()
    await expect(admitted(store, { at, timeZone })).rejects.toMatchObject({
      code: 'wrong-day',
      exit: 2,
      message: expect.stringMatching(
        /^it is 2026-11-2\dT.* by the server’s clock, which is 2026-11-2\d in .*, and 2026-11-24 was asked for$/,
      ),
      next: expect.stringContaining('--backdate'),
    })
    expect(await store.list('')).toEqual([])
  })

  it('as a matter of this machine’s clock where nobody named the day', async () => {
    const late = { at: '2026-12-01T02:00:00Z', isDayNamed: false }
    await expect(admitted(memoryStore(), late)).rejects.toMatchObject({
      code: 'wrong-clock',
      exit: 1,
      message:
        'it is 2026-12-01T02:00:00.000Z by the server’s clock, which is 2026-12-01 in UTC, and this run began on 2026-11-24 by this machine’s',
    })
  })
})

describe('a slug', () => {
  const CLOUD = ['https://10ax.online.tableau.com', 'https://prod-uk-a.online.tableau.com'] as const

  it.each([
    ['of another site', { id: 'another' }, /^"demo" means the site luid .* reached another /],
    [
      'on another server, which may be a copy of the first',
      { server: 'https://staging.example.com' },
      /^"demo" means .* on tableau\.example\.com/,
    ],
    ['of Tableau Cloud on a server of one’s own', { server: CLOUD[0] }, /^"demo" means /],
  ])('is refused for the sign-in %s', async (_, other, message) => {
    const store = memoryStore()
    await admitted(store, {})
    await admitted(store, { server: 'https://TABLEAU.example.com' })
    await expect(admitted(store, other)).rejects.toMatchObject({
      code: 'site-mismatch',
      message: expect.stringMatching(message),
    })
    await store.remove(keys.site('demo'))
    await admitted(store, other)
  })

  it('is refused where the site has one already, and may be that of a copy on another server', async () => {
    const store = memoryStore()
    await admitted(store, {})
    const site = { host: 'tableau.example.com', id: 'luid' }
    await expect(refuseSecondSlug(store, 'renamed', site)).rejects.toMatchObject({
      code: 'site-mismatch',
      message:
        'the site luid on tableau.example.com has a slug in this warehouse already (site/demo.json), and "renamed" would be its second: all its rows would count twice',
    })
    await refuseSecondSlug(store, 'demo', site)
    await refuseSecondSlug(store, 'renamed', { ...site, id: 'another' })
    await refuseSecondSlug(store, 'staging', { ...site, host: 'staging.example.com' })
  })

  it('stays a site’s that Tableau Cloud moves to another pod', async () => {
    const store = memoryStore()
    for (const server of CLOUD) await admitted(store, { server })
    await expect(admitted(store, { server: CLOUD[1], id: 'another' })).rejects.toMatchObject({
      code: 'site-mismatch',
    })
  })
})
