import { describe, expect, it, onTestFinished } from 'vitest'
import { openDispatcher } from '../../lib/network/dispatcher.ts'
import { DIRECT } from '../../lib/network/way.ts'
import { serve } from '../tableau/servers.ts'

function dispatcherTo(url: string) {
  const timeouts = { connect: 5_000, headers: 5_000, idle: 5_000 }
  const dispatcher = openDispatcher({ origin: new URL(url), way: DIRECT, connections: 2, timeouts })
  onTestFinished(() => dispatcher.destroy())
  return dispatcher
}

/** A server that says its name, and counts who asks. */
async function named(name: string): Promise<{ url: string; asked: () => number }> {
  let asked = 0
  const url = await serve((_, response) => {
    asked += 1
    response.end(name)
  })
  return { url, asked: () => asked }
}

describe('openDispatcher', () => {
  it('leads to its origin, whatever a request says', async () => {
    const [own, other] = await Promise.all([named('own'), named('other')])
    const request = { origin: other.url, path: '/', method: 'GET' } as const
    const { body } = await dispatcherTo(own.url).request(request)
    expect([await body.text(), own.asked(), other.asked()]).toEqual(['own', 1, 0])
  })
})
