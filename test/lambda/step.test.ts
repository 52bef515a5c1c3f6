import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import * as z from 'zod'
import { RUN_EVENT, step } from '../../lib/lambda/step.ts'
import { catchLines, type Line, valuesOf } from './lines.ts'

const INVOCATION = { getRemainingTimeInMillis: () => 60_000, memoryLimitInMB: '1024' }
const RUN = { run: 'demo-2026-11-28', dt: '2026-11-28', entity: 'users' } as const
const work = vi.fn(async () => ({}))
const load = step('load', RUN_EVENT.extend({ entity: z.string() }), work)

let lines: () => readonly Line[]

beforeEach(() => {
  vi.stubEnv('ALMANAC_SITE', JSON.stringify({ slug: 'demo', entities: ['users'] }))
  lines = catchLines()
})
afterEach(() => {
  expect(work).not.toHaveBeenCalled()
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})

describe('an event that is not valid', () => {
  test.each([
    ['run', { run: 'a/b' }],
    ['run', { run: 'a'.repeat(81) }],
    ['dt', { dt: '2026-02-30' }],
    ['dt', { dt: 20261128 }],
    ['entity', { entity: undefined }],
  ])('fails, and names its field %s', async (field, wrong) => {
    const [settled] = await Promise.allSettled([load({ ...RUN, ...wrong }, INVOCATION)])
    expect(settled).toMatchObject({ status: 'rejected', reason: { name: 'usage' } })
    const message = settled.status === 'rejected' ? String(settled.reason.message) : ''
    expect(message.startsWith(`load: "${field}" of the event: Invalid `)).toBe(true)
    expect(message).toContain('Start the state machine rather than its functions')
    expect(lines()).toContainEqual(expect.objectContaining({ message: 'failed', code: 'usage' }))
  })

  test.each([[null], [undefined], ['text'], [7], [[]]])('that is %j is one, too', async (event) => {
    await expect(load(event, INVOCATION)).rejects.toThrow(/^load: the event: Invalid /)
  })

  test('is found by its run and its entity, where it names them', async () => {
    await expect(load({ ...RUN, dt: 'today' }, INVOCATION)).rejects.toThrow('"dt"')
    expect(lines().length).toBeGreaterThan(1)
    for (const line of lines())
      expect(line).toMatchObject({ step: 'load', entity: 'users', correlation_id: RUN.run })
    expect(valuesOf(lines(), 'TimeUsedPercent')).toEqual([0])
  })

  test('lends nothing to its lines that no run and no entity is called', async () => {
    const event = { ...RUN, run: 'a\nb', entity: '{"level":"INFO"}' }
    await expect(load(event, INVOCATION)).rejects.toThrow('"run"')
    for (const line of lines()) expect([line['correlation_id'], line['entity']]).toEqual(['load', undefined])
  })
})
