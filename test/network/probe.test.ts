import { describe, expect, it } from 'vitest'
import { reachTcp, resolveHost } from '../../lib/network/probe.ts'
import { serveRaw } from '../tableau/servers.ts'
import { gonePort } from './proxy-server.ts'

describe('resolveHost', () => {
  it('gives the addresses of a name', async () => {
    const addresses = await resolveHost('localhost')
    expect(addresses.length).toBeGreaterThan(0)
    expect(addresses.filter((address) => address !== '127.0.0.1' && address !== '::1')).toEqual([])
  })

  it('gives an address for itself', async () => {
    expect(await resolveHost('10.1.2.3')).toEqual(['10.1.2.3'])
  })

  it('says that there is no such name', async () => {
    await expect(resolveHost('tableau.invalid')).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringMatching(/^tableau\.invalid: /),
    })
  })

  it('refuses metadata addresses', async () => {
    await expect(resolveHost('169.254.169.254')).rejects.toMatchObject({ code: 'forbidden-address' })
  })
})

describe('reachTcp', () => {
  it('reaches what listens, and hangs up', async () => {
    const open = new Set<unknown>()
    let calls = 0
    const url = await serveRaw((socket) => {
      calls += 1
      open.add(socket)
      socket.resume().on('close', () => open.delete(socket))
    })
    await reachTcp('127.0.0.1', Number(new URL(url).port), 5_000)
    await expect.poll(() => [calls, open.size]).toEqual([1, 0])
  })

  it('says that nothing listens', async () => {
    const port = await gonePort()
    await expect(reachTcp('127.0.0.1', port, 5_000)).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringMatching(/^127\.0\.0\.1:\d+: nothing listens there \(ECONNREFUSED/),
    })
  })
})
