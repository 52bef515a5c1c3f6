import { once } from 'node:events'
import { request } from 'node:http'
import { PassThrough } from 'node:stream'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { simulatorCommand } from '../../lib/cli/simulator.ts'
import { startSimulator } from '../../lib/simulator/server.ts'
import { ask, signIn, tiny, withSimulator } from './visitor.ts'

describe('the simulated day', () => {
  it('is the Date of every answer, moves on within the day, and never goes back', async () => {
    await withSimulator({ counts: tiny, day: '2026-02-28' }, async (simulator) => {
      const seen: number[] = []
      for (let i = 0; i < 60; i++) {
        const { headers } = await ask(simulator.url, '/api/2.4/serverInfo')
        seen.push(Date.parse(headers.get('date') ?? ''))
      }
      expect(seen).toEqual(seen.toSorted((a, b) => a - b))
      expect(seen.at(-1)).toBeGreaterThan(seen[0] ?? 0)
      simulator.pass(100_000)
      const late = (await ask(simulator.url, '/api/2.4/serverInfo')).headers.get('date')
      expect(late).toBe('Sat, 28 Feb 2026 23:59:59 GMT')
      simulator.setDay('2026-03-01')
      expect(simulator.day()).toBe('2026-03-01')
      expect((await ask(simulator.url, '/api/2.4/serverInfo')).headers.get('date')).toMatch(
        /^Sun, 01 Mar 2026 22:00:0/,
      )
    })
  })

  it('is this machine’s time where that is asked for, with or without requests, until a day is set', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-11-01T09:00:00Z') })
    onTestFinished(() => void vi.useRealTimers())
    await withSimulator({ counts: tiny, realTime: true }, async (simulator) => {
      const date = async (): Promise<string | null> =>
        (await ask(simulator.url, '/api/2.4/serverInfo')).headers.get('date')
      expect([await date(), await date()]).toEqual([
        'Sun, 01 Nov 2026 09:00:00 GMT',
        'Sun, 01 Nov 2026 09:00:00 GMT',
      ])
      vi.setSystemTime(Date.parse('2026-11-01T09:47:00Z'))
      expect(await date()).toBe('Sun, 01 Nov 2026 09:47:00 GMT')
      simulator.pass(10)
      expect(await date()).toBe('Sun, 01 Nov 2026 09:57:00 GMT')
      simulator.setDay('2026-11-02')
      vi.setSystemTime(Date.parse('2026-11-01T09:50:00Z'))
      expect(await date()).toBe('Mon, 02 Nov 2026 22:03:00 GMT')
    })
  })

  it('is this machine’s time for --day today, however long nobody asks', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-11-01T09:00:00Z') })
    onTestFinished(() => void vi.useRealTimers())
    const [input, out] = [new PassThrough(), new PassThrough()]
    let interrupt = (): void => undefined
    const onInterrupt = (react: () => void) => {
      interrupt = react
      return () => undefined
    }
    const terminal = { env: {}, outColumns: undefined, errColumns: undefined, exit: () => undefined }
    const io = { ...terminal, out, err: new PassThrough(), onInterrupt }
    const options = { day: 'today', users: '5', workbooks: '3', views: '4' }
    const ended = simulatorCommand(() => input).run({ args: [], options, io })
    const [line] = (await once(out, 'data')) as [Buffer]
    const { url } = JSON.parse(String(line)) as { url: string }
    vi.setSystemTime(Date.parse('2026-11-01T09:47:00Z'))
    const { headers } = await ask(url, '/api/2.4/serverInfo')
    expect(headers.get('date')).toBe('Sun, 01 Nov 2026 09:47:00 GMT')
    interrupt()
    expect(await ended).toBe(0)
  })

  it('changes what is sent, and a day that cannot be changes nothing', async () => {
    await withSimulator({ counts: tiny, sessionMinutes: 1e6 }, async (simulator) => {
      const visitor = await signIn(simulator)
      const before = await visitor.all('views', 'view', 'includeUsageStatistics=true')
      simulator.setDay('2026-11-02')
      const after = await visitor.all('views', 'view', 'includeUsageStatistics=true')
      expect(after).not.toEqual(before)
      for (const day of ['2026-10-31', '2026-13-01', 'today'])
        expect(() => simulator.setDay(day)).toThrow(RangeError)
      expect(simulator.day()).toBe('2026-11-02')
      simulator.setDay('2026-11-01')
      expect(await visitor.all('views', 'view', 'includeUsageStatistics=true')).toEqual(before)
    })
  })

  it('is the same site for the same seed, whichever process or port', async () => {
    const read = async (seed: number): Promise<string> => {
      const simulator = await startSimulator({ counts: tiny, seed })
      const { text } = await (await signIn(simulator)).get('workbooks?fields=_all_')
      await simulator.close()
      return text
    }
    expect(await read(3)).toBe(await read(3))
    expect(await read(3)).not.toBe(await read(4))
  })
})

describe('the way of an answer', () => {
  const raw = (url: string, headers: Record<string, string>): Promise<{ encoding: string; body: Buffer }> =>
    new Promise((resolve, reject) => {
      const sent = request(url, { headers }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () =>
          resolve({ encoding: response.headers['content-encoding'] ?? '', body: Buffer.concat(chunks) }),
        )
      })
      sent.on('error', reject)
      sent.end()
    })

  it('is compressed with gzip where that is taken, and never otherwise', async () => {
    await withSimulator({ counts: tiny }, async (simulator) => {
      const { token, siteId } = await signIn(simulator)
      const url = `${simulator.url}/api/3.29/sites/${siteId}/users`
      const auth = { 'x-tableau-auth': token }
      const plain = await raw(url, auth)
      expect(plain.encoding).toBe('')
      for (const accepted of ['gzip', 'gzip, deflate', 'br, gzip;q=0.5', 'GZIP'.toLowerCase()]) {
        const packed = await raw(url, { ...auth, 'accept-encoding': accepted })
        expect([accepted, packed.encoding]).toEqual([accepted, 'gzip'])
        expect(gunzipSync(packed.body).equals(plain.body)).toBe(true)
      }
      for (const accepted of ['br', 'deflate', 'gzip;q=0', 'identity']) {
        expect((await raw(url, { ...auth, 'accept-encoding': accepted })).encoding).toBe('')
      }
    })
  })

  it('is counted, how many at once too', async () => {
    await withSimulator({ counts: tiny }, async (simulator) => {
      const { get } = await signIn(simulator)
      simulator.faults.set([{ kind: 'stall', where: 'headers', match: { endpoint: 'users' } }])
      const held = [1, 2, 3, 4].map(() => get('users').catch(() => 'gone'))
      await vi.waitFor(() => expect(simulator.counters()['users']).toBe(4), 20_000)
      await get('spaceships')
      expect(simulator.counters()).toMatchObject({ requests: 6, signIn: 1, signIns: 1, errors: 1, faults: 4 })
      expect(simulator.counters()['maxConcurrent']).toBe(5)
      expect(simulator.counters()['bytes']).toBeGreaterThan(1000)
      await simulator.close()
      expect(await Promise.all(held)).toEqual(['gone', 'gone', 'gone', 'gone'])
    })
  })

  it('takes its time when told to', async () => {
    await withSimulator({ counts: tiny, latencyMs: 5 }, async (simulator) => {
      const { get } = await signIn(simulator)
      expect((await get('users')).status).toBe(200)
    })
  })
})
