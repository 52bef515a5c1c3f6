import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Entity } from '../../lib/core/entity.ts'
import { keys } from '../../lib/core/keys.ts'
import { jsonBytes } from '../../lib/core/receipt.ts'
import { load, rebuild } from '../../lib/load/load.ts'
import { type Engine, openEngine } from '../../lib/transform/engine.ts'
import { limitFor } from '../guarantees/proof.ts'
import { diskVault } from './disk-vault.ts'
import { changedOf, complaintsOf, findingsOf } from './findings.ts'
import { type Kind, kindOf } from './kinds.ts'
import { openStand, type Stand } from './stand.ts'
import {
  buildWorlds,
  CORRECTED,
  FIRST,
  GROUPS,
  JOBS,
  LAST,
  MEMBERS,
  SITE,
  STORED,
  WITHDRAWN,
} from './world.ts'

const LIMIT = limitFor(10, 20)

let engine: Engine
let stand: Stand
beforeAll(async () => {
  engine = await openEngine({ threads: 1 })
  stand = await openStand(diskVault, (await buildWorlds(engine)).settled, engine)
})
afterAll(async () => {
  await stand.vault.close()
  await engine.close()
})

/** Takes objects away with every trace. */
async function lose(lost: readonly string[]): Promise<void> {
  for (const key of lost) {
    await stand.vault.drop(key)
    await stand.vault.mark(key, undefined)
  }
}

/** Every key that holds all of these texts. */
const holding = (...texts: readonly string[]): readonly string[] =>
  [...stand.world.objects.keys()].filter((key) => texts.every((text) => key.includes(text)))

const ofKind = (kind: Kind, entity: Entity): readonly string[] =>
  holding(`entity=${entity.name}/`)
    .filter((key) => kindOf(key) === kind)
    .slice(0, 1)

const loadNow = (entity: Entity) => load(stand.vault.store, engine, entity, SITE, 'test')

/** Loses objects, does what a test does, and puts everything back. */
async function without(lost: readonly string[], work: () => Promise<void>): Promise<void> {
  expect(lost.length).toBeGreaterThan(0)
  await lose(lost)
  try {
    await work()
  } finally {
    await stand.vault.reset()
  }
}

type OfEntity = readonly [kind: Kind, entity: Entity]

const SEEN: readonly OfEntity[] = [
  ['candidate', MEMBERS],
  ['observation receipt', JOBS],
  ['snapshot', GROUPS],
  ['snapshot', MEMBERS],
  ['current', GROUPS],
  ['history', MEMBERS],
  ['event', JOBS],
]

const HEALED: readonly OfEntity[] = [
  ['current', GROUPS],
  ['history', GROUPS],
  ['history', MEMBERS],
  ['event', JOBS],
  ['held candidate', GROUPS],
  ['held candidate receipt', GROUPS],
  ['observation', JOBS],
  ['manifest', MEMBERS],
]

describe('an object that is gone', () => {
  test.each(SEEN)('is missed by verify: %s', { timeout: LIMIT }, async (kind, entity) => {
    const lost = ofKind(kind, entity)
    await without(lost, async () => {
      const name = (lost[0] ?? '').replace(/\.\w+$/, '')
      expect((await complaintsOf(stand, entity)).join('\n')).toContain(name)
    })
  })

  test.each([
    ['candidate', MEMBERS, /^It is primary .* almanac withdraw group_members /],
    ['observation receipt', JOBS, /^It is primary .* remove observation/],
  ] as const)('is named with what to do: %s', { timeout: LIMIT }, async (kind, entity, next) => {
    const lost = ofKind(kind, entity)
    await without(lost, async () => {
      const found = (await findingsOf(stand, [entity])).find(({ key }) => lost.includes(key))
      expect(found?.next).toMatch(next)
    })
  })

  test('is missed by verify: coverage', { timeout: LIMIT }, () =>
    without(ofKind('coverage', MEMBERS), async () => {
      expect(await complaintsOf(stand, MEMBERS)).not.toEqual([])
    }),
  )

  test.each(HEALED)('comes back with the next load: %s', { timeout: LIMIT }, async (kind, entity) => {
    const lost = ofKind(kind, entity)
    await without(lost, async () => {
      await loadNow(entity)
      expect(await changedOf(stand, entity)).toEqual([])
      expect(await complaintsOf(stand, entity)).toEqual([])
      for (const key of lost) expect(await stand.vault.store.head(key)).toBeDefined()
    })
  })

  // Questions answer without it, and do not know.
  test.each([
    ['snapshot', GROUPS],
    ['snapshot', MEMBERS],
    ['coverage', MEMBERS],
  ] as readonly OfEntity[])('comes back with the next load: %s', { timeout: LIMIT }, (kind, entity) =>
    without(ofKind(kind, entity), async () => {
      await loadNow(entity)
      expect(await changedOf(stand, entity)).toEqual([])
    }),
  )

  test.each([
    ['snapshot', GROUPS],
    ['snapshot', MEMBERS],
    ['coverage', MEMBERS],
  ] as readonly OfEntity[])('comes back with a rebuild: %s', { timeout: LIMIT }, (kind, entity) =>
    without(ofKind(kind, entity), async () => {
      await rebuild(stand.vault.store, engine, entity, SITE)
      expect(await changedOf(stand, entity)).toEqual([])
    }),
  )
})

const isPrimary = (key: string): boolean => /^(landing|candidate|observation|manifest)\//.test(key)

describe('an entity of which nothing is left but what was published', () => {
  test.each([
    ['its manifests', GROUPS],
    ['its observations', JOBS],
  ] as const)('is named: %s are lost', { timeout: LIMIT }, (what, entity) =>
    without(holding(`=${entity.name}/`).filter(isPrimary), async () => {
      expect(await findingsOf(stand, [entity])).toMatchObject([
        { level: 'wrong', message: expect.stringContaining(`${what} are lost`) },
      ])
    }),
  )
})

describe('an entity of which nothing is left but one kind of table', () => {
  test.each([
    ['snapshot/', GROUPS],
    ['coverage/', MEMBERS],
    ['current/', GROUPS],
  ] as const)('%s: its manifests are lost', { timeout: LIMIT }, (area, entity) =>
    without(
      holding(`=${entity.name}/`).filter((key) => !key.startsWith(area)),
      async () => {
        expect(await findingsOf(stand, [entity])).toMatchObject([
          { level: 'wrong', message: expect.stringMatching(`^${area}.* its manifests are lost`) },
        ])
      },
    ),
  )
})

const NEVER = '2026-12-24'
const placeOf = ({ name: entity }: Entity) => ({ entity, site: SITE })

/** Writes whole objects through the store, does what a test does, and puts everything back. */
async function withAlso(
  objects: Readonly<Record<string, Uint8Array>>,
  work: () => Promise<void>,
): Promise<void> {
  for (const [key, bytes] of Object.entries(objects)) await stand.vault.store.write(key, bytes, 'absent')
  try {
    await work()
  } finally {
    await stand.vault.reset()
  }
}

/** The bytes of the first object whose key holds all of these texts. */
const bytesOf = (...texts: readonly string[]): Uint8Array =>
  stand.world.objects.get(holding(...texts)[0] ?? '') ?? new Uint8Array()

/** What is published and stands for nothing: its key, and the area whose object it is a copy of. */
type Stray = readonly [what: string, entity: Entity, keyOf: () => string, area: string]

const STRAYS: readonly Stray[] = [
  ['a snapshot', GROUPS, () => keys.snapshot(placeOf(GROUPS), NEVER), 'snapshot/'],
  ['a snapshot', MEMBERS, () => keys.snapshot(placeOf(MEMBERS), NEVER), 'snapshot/'],
  ['coverage', MEMBERS, () => keys.coverage(placeOf(MEMBERS), NEVER), 'coverage/'],
  ['coverage of a list that has none', GROUPS, () => keys.coverage(placeOf(GROUPS), LAST), 'snapshot/'],
  ['a month', JOBS, () => keys.event(placeOf(JOBS), '2026-12'), 'event/'],
  ['another file beside history', GROUPS, () => 'history/entity=groups/site=test/old.parquet', 'history/'],
]

describe('what is published and nobody committed, beside days that are', () => {
  test.each(STRAYS)('is named: %s', { timeout: LIMIT }, async (_, entity, keyOf, area) => {
    const key = keyOf()
    await withAlso({ [key]: bytesOf(area, `=${entity.name}/`) }, async () => {
      const said = (await findingsOf(stand, [entity])).filter((each) => each.level !== 'ok')
      expect(said).toMatchObject([
        { key, level: 'wrong', message: expect.stringContaining(`${key} is published, and no `) },
      ])
      expect(said[0]?.next).toContain(`Else remove ${key}`)
    })
  })
})

/** The report of a run that calls these complete. */
const report = (dt: string, entities: readonly Entity[], failure: unknown = null) => ({
  [keys.run(SITE, dt, 'told')]: jsonBytes({
    format: 1,
    site: SITE,
    dt,
    run: 'told',
    outcomes: entities.map(({ name }) => ({ entity: name, verdict: 'complete' })),
    failure,
  }),
})

describe('what runs call complete', () => {
  test('is there', { timeout: LIMIT }, () =>
    withAlso({ ...report(LAST, STORED), ...report(WITHDRAWN, [GROUPS]) }, async () => {
      for (const entity of STORED) expect(await complaintsOf(stand, entity)).toEqual([])
    }),
  )

  test.each([
    ['manifest', GROUPS],
    ['manifest', MEMBERS],
    ['reading', JOBS],
  ] as const)('is missed when everything of it is gone: no %s', { timeout: LIMIT }, async (what, entity) =>
    withAlso({ ...report(FIRST, [entity]), ...report(LAST, [entity]) }, async () => {
      await lose(holding(`=${entity.name}/`))
      const found = await findingsOf(stand, [entity])
      expect(found).toMatchObject([
        { level: 'wrong', message: `runs call it complete on ${FIRST}, ${LAST}, and no ${what} is there` },
      ])
      expect(found[0]?.next).toContain(`--select ${entity.name} `)
    }),
  )

  test('is missed of one day, after a load went over what was left', { timeout: LIMIT }, async () =>
    withAlso({ ...report(FIRST, [GROUPS]), ...report(LAST, [GROUPS]) }, async () => {
      await lose(holding('=groups/', LAST))
      await loadNow(GROUPS)
      expect(await complaintsOf(stand, GROUPS)).toEqual([
        `manifest/entity=groups/site=${SITE}/: runs call it complete on ${LAST}, and no manifest is there`,
      ])
    }),
  )

  test.each([
    ['a run that failed: it may have ended before the commit', report(NEVER, [GROUPS], { code: 'internal' })],
    ['a report that cannot be read', { [keys.run(SITE, NEVER, 'told')]: new Uint8Array([123]) }],
  ])('says nothing by %s', { timeout: LIMIT }, (_, objects) =>
    withAlso(objects, async () =>
      expect((await complaintsOf(stand, GROUPS)).filter((each) => !each.startsWith('runs/'))).toEqual([]),
    ),
  )
})

/**
 * What is lost together, of which entity, and what verify says of it before the next load and after it; undefined: nothing.
 */
interface Blind {
  readonly what: string
  readonly entity: Entity
  readonly lost: () => readonly string[]
  readonly before: RegExp | undefined
  readonly after?: RegExp
}

const BLIND: readonly Blind[] = [
  {
    what: 'a day with its manifest, candidate and landing',
    entity: GROUPS,
    lost: () => holding('=groups/', LAST).filter(isPrimary),
    before: /history\/.* rows differ/,
    // Its snapshot is still there. Were that lost, too, only the report of its run would tell.
    after: /^snapshot\/\S*: \S+ is published, and no manifest stands for it$/,
  },
  {
    what: 'a day with its manifest, candidate, landing and snapshot, of which no run tells',
    entity: GROUPS,
    lost: () => holding('=groups/', LAST),
    before: /history\/.* rows differ/,
  },
  {
    what: 'the correction of a day',
    entity: GROUPS,
    lost: () => holding('manifest/', '=groups/', CORRECTED, 'v0002'),
    before: /history\/.* rows differ/,
  },
  {
    what: 'the version that a correction replaced',
    entity: GROUPS,
    lost: () => holding('manifest/', '=groups/', CORRECTED, 'v0001'),
    before: undefined,
  },
  {
    what: 'a reading of events, after its landing expired',
    entity: JOBS,
    lost: () => [...holding('observation/', LAST), ...holding('landing/', '=jobs/')],
    before: /event\/.* rows differ/,
  },
  {
    what: 'a receipt of a candidate that is committed',
    entity: MEMBERS,
    lost: () => ofKind('candidate receipt', MEMBERS),
    before: undefined,
  },
]

/** What verify cannot know, shown so that nobody believes otherwise. Each of these is a limit, and no promise. */
describe('what verify does not see', () => {
  test.each(BLIND)('once a load went over it: $what is lost', { timeout: LIMIT }, async (blind) => {
    const { entity, lost, before, after } = blind
    await without(lost(), async () => {
      const said = (await complaintsOf(stand, entity)).join('\n')
      if (before === undefined) expect(said).toBe('')
      else expect(said).toMatch(before)
      await loadNow(entity)
      const left = await complaintsOf(stand, entity)
      expect(left).toEqual(after === undefined ? [] : [expect.stringMatching(after)])
    })
  })

  test('a version that was never written: a gap before the one that counts', { timeout: LIMIT }, async () => {
    const at = { entity: GROUPS.name, site: SITE }
    const manifest = await stand.vault.store.read(keys.manifest(at, LAST, 1))
    const text = Buffer.from(manifest?.bytes ?? []).toString()
    const third = Buffer.from(text.replace('"version": 1', '"version": 3'))
    await stand.vault.store.write(keys.manifest(at, LAST, 3), third, 'absent')
    try {
      await loadNow(GROUPS)
      expect([await complaintsOf(stand, GROUPS), await changedOf(stand, GROUPS)]).toEqual([[], []])
    } finally {
      await stand.vault.reset()
    }
  })

  test(
    'a candidate without a manifest is a day that waits: the next load commits it',
    {
      timeout: LIMIT,
    },
    () =>
      without(holding('manifest/', '=group_members/', LAST), async () => {
        const { committed } = await loadNow(MEMBERS)
        expect(committed.map(({ dt }) => dt)).toEqual([LAST])
        expect(await changedOf(stand, MEMBERS)).toEqual([])
      }),
  )
})

test('the world is well while nothing is lost', async () => {
  for (const entity of STORED)
    expect([entity.name, await complaintsOf(stand, entity)]).toEqual([entity.name, []])
})
