import { describe, expect, it } from 'vitest'
import { ask, signIn, tiny, withSimulator } from './visitor.ts'

const post = (url: string, path: string, data: unknown) =>
  ask(url, path, { method: 'POST', body: typeof data === 'string' ? data : JSON.stringify(data) })

describe('the control interface', () => {
  it('sets faults and the day, and tells the counters', async () => {
    await withSimulator({ counts: tiny, control: true }, async (simulator) => {
      const { get } = await signIn(simulator)
      const set = await post(simulator.url, '/control/faults', [
        { kind: 'html', match: { endpoint: 'users' } },
      ])
      expect([set.status, set.text]).toEqual([200, '{"faults":1}\n'])
      expect((await get('users')).text).toContain('<html>')
      await post(simulator.url, '/control/faults', [])
      expect((await get('users')).text).toContain('<tsResponse')
      const day = await post(simulator.url, '/control/day', { day: '2026-11-05' })
      expect([day.status, day.text, simulator.day()]).toEqual([200, '{"day":"2026-11-05"}\n', '2026-11-05'])
      const counters: unknown = JSON.parse((await ask(simulator.url, '/control/counters')).text)
      expect(counters).toEqual(simulator.counters())
      expect(counters).toMatchObject({ users: 2, faults: 1, requests: 3 })
    })
  })

  it('says why it refuses, and changes nothing then', async () => {
    await withSimulator({ counts: tiny, control: true }, async ({ url, day }) => {
      const cases = [
        ['/control/day', { day: '2020-01-01' }, 400, 'before the first day'],
        ['/control/day', { day: 5 }, 400, 'YYYY-MM-DD'],
        ['/control/day', 'no json', 400, 'JSON'],
        ['/control/faults', [{ kind: 'flood' }], 400, 'flood'],
        ['/control/else', {}, 404, 'control/else'],
      ] as const
      for (const [path, data, status, word] of cases) {
        const answered = await post(url, path, data)
        expect([answered.status, answered.text]).toEqual([status, expect.stringContaining(word)])
      }
      expect(day()).toBe('2026-11-01')
    })
  })

  it('does not exist unless asked for', async () => {
    await withSimulator({ counts: tiny }, async ({ url, day }) => {
      expect((await post(url, '/control/day', { day: '2026-11-05' })).status).toBe(404)
      expect((await ask(url, '/control/counters')).status).toBe(404)
      expect(day()).toBe('2026-11-01')
    })
  })
})
