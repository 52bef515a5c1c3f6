import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type SampleWarehouse, sampleWarehouse } from './sample.ts'
import { AT_ANY_AGE } from './terminal.ts'

let sample: SampleWarehouse
beforeAll(async () => {
  sample = await sampleWarehouse(['2026-11-04', '2026-11-05'], 'users,jobs')
})
afterAll(() => sample.remove())

const JSON_OF_DEMO = ['status', '--site', 'demo', '--output', 'json'] as const

/** What a night leaves that died after its commits and before it published. */
const unpublish = (...folders: readonly string[]): Promise<unknown> =>
  Promise.all(folders.map((folder) => rm(join(sample.root, folder), { recursive: true })))

test('what is committed and no table shows yet is no good standing: status says so, and what to do', async () => {
  expect((await sample.ask('status', '--site', 'demo', ...AT_ANY_AGE)).exit).toBe(0)
  await unpublish('history/entity=users/site=demo', 'event/entity=jobs/site=demo')
  const { exit, out } = await sample.ask('status', '--site', 'demo', ...AT_ANY_AGE)
  expect(exit).toBe(3)
  expect(out).toMatch(/^users of demo, committed and not published: 2026-11-04, 2026-11-05$/m)
  expect(out).toMatch(/^jobs of demo, committed and not published: 2026-1\d/m)
  expect(out).toMatch(/^ {2}next: almanac load --site demo --warehouse /m)
  const rows: { entity: string; unpublished: string[] }[] = JSON.parse(
    (await sample.ask(...JSON_OF_DEMO)).out,
  )
  expect(rows.find(({ entity }) => entity === 'users')?.unpublished).toEqual(['2026-11-04', '2026-11-05'])
  expect((await sample.ask('load', '--site', 'demo')).exit).toBe(0)
  expect((await sample.ask('status', '--site', 'demo', ...AT_ANY_AGE)).exit).toBe(0)
})
