import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { keys } from '../../lib/core/keys.ts'
import type { Manifest } from '../../lib/core/manifest.ts'
import { exitOfRun } from '../../lib/core/report.ts'
import { ENTITIES } from '../../lib/entities/index.ts'
import { startSimulator } from '../../lib/simulator/server.ts'
import { ask, FEW, openSite, outcomeOf, type Site, signInTo } from './site.ts'

const [DAY1, DAY2, DAY3] = ['2026-11-01', '2026-11-02', '2026-11-03'] as const
const NARROWED = ENTITIES.filter(({ belowRole }) => belowRole === 'narrowed').map(({ name }) => name)

let site: Site
/** The same site, as a token shows it whose user is no administrator. */
let lesser: Awaited<ReturnType<typeof startSimulator>>
beforeAll(async () => {
  site = await openSite()
  lesser = await startSimulator({ seed: 'system', counts: FEW, day: DAY1, siteRole: 'Creator' })
  await site.night(DAY1)
})
afterAll(() => Promise.all([site.close(), lesser.close()]))

describe('a token whose user lost the administrator’s role', () => {
  test('commits nothing, says why, and leaves the last whole day as it stands', async () => {
    lesser.setDay(DAY2)
    const before = await ask(site.store, 'SELECT * FROM workbooks ORDER BY id')
    const report = await site.night(DAY2, { signIn: signInTo(lesser) })
    expect(exitOfRun(report)).toBe(3)
    for (const { entity, verdict, reason } of report.outcomes) {
      expect([entity, verdict]).toEqual([entity, 'forbidden'])
      const says = NARROWED.includes(entity) ? 'sees only a part of' : 'may not read all'
      expect(reason).toMatch(
        new RegExp(`Creator ${says} ${entity}.*SiteAdministrator(Explorer|Creator) sees all`),
      )
    }
    expect(await ask(site.store, 'SELECT * FROM workbooks ORDER BY id')).toEqual(before)
    expect(await ask(site.store, 'SELECT id FROM workbooks_history WHERE gone_after IS NOT NULL')).toEqual([])
  })

  test('is asked for no page of what it would see only a part of, or must not see', () => {
    for (const name of [
      'workbooks',
      'views',
      'projects',
      'datasources',
      'users',
      'groups',
      'groupUsers',
      'jobs',
    ])
      expect(lesser.counters()[name] ?? 0).toBe(0)
  })

  test('keeps the part where configuration accepts it, and the receipt says of whom it is', async () => {
    const other = await startSimulator({ seed: 'part', counts: FEW, day: DAY3, siteRole: 'Creator' })
    onTestFinished(() => other.close())
    const report = await site.night(DAY3, {
      signIn: signInTo(other),
      site: 'part',
      entities: ENTITIES.filter(({ name }) => name === 'projects'),
      acceptNarrowed: ['projects'],
    })
    expect(outcomeOf(report, 'projects').verdict).toBe('complete')
    const key = keys.manifest({ entity: 'projects', site: 'part' }, DAY3, 1)
    const object = await site.store.read(key)
    const manifest: Manifest = JSON.parse(new TextDecoder().decode(object?.bytes))
    expect(manifest.receipt?.shards.map(({ narrowedTo }) => narrowedTo)).toEqual(['Creator'])
    expect(site.events).toContainEqual({
      type: 'warned',
      entity: 'projects',
      message: 'the site role Creator sees only a part of it, accepted by configuration',
    })
  })

  test('an administrator’s receipt says that all was seen', async () => {
    const object = await site.store.read(keys.manifest({ entity: 'projects', site: 'demo' }, DAY1, 1))
    const manifest: Manifest = JSON.parse(new TextDecoder().decode(object?.bytes))
    expect(manifest.receipt?.shards.map(({ narrowedTo }) => narrowedTo)).toEqual([null])
  })
})
