import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readFaults } from '../../lib/simulator/faults.ts'
import { type Simulator, startSimulator } from '../../lib/simulator/server.ts'
import { signIn, tiny, type Visitor } from './visitor.ts'

let simulator: Simulator
let visitor: Visitor
beforeAll(async () => {
  simulator = await startSimulator({ counts: tiny })
  visitor = await signIn(simulator)
})
afterAll(() => simulator.close())

describe('which requests a fault meets', () => {
  it('by endpoint, page, nth and times', async () => {
    const statuses = async (...paths: string[]) => {
      const seen: number[] = []
      for (const path of paths) seen.push((await visitor.get(path)).status)
      return seen
    }
    simulator.faults.set([{ kind: 'status', status: 500, match: { endpoint: 'users', nth: 2 } }])
    expect(await statuses('users', 'groups', 'users', 'users')).toEqual([200, 200, 500, 200])
    simulator.faults.set([{ kind: 'status', status: 500, match: { times: 2 } }])
    expect(await statuses('users', 'groups', 'users')).toEqual([500, 500, 200])
    simulator.faults.set([{ kind: 'status', status: 500, match: { page: 2 } }])
    expect(await statuses('users', 'users?pageNumber=2', 'views?pageNumber=2')).toEqual([200, 500, 500])
  })

  it('refuses what is no fault', () => {
    for (const data of [
      {},
      [{ kind: 'flood' }],
      [{}],
      [null],
      [{ kind: 'shrink' }],
      [{ kind: 'redirect' }],
    ]) {
      expect(() => readFaults(data)).toThrow(TypeError)
    }
    expect(readFaults([{ kind: 'html', match: { page: 1 } }])).toHaveLength(1)
  })
})
