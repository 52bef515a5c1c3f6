import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Simulator } from '../../lib/simulator/server.ts'
import { almanac, almanacProcess, environmentOf, smallSite, temporaryFolder } from './terminal.ts'

const DAY = '2026-11-01'

let sim: Simulator
let folder: Awaited<ReturnType<typeof temporaryFolder>>
beforeAll(async () => {
  folder = await temporaryFolder()
  sim = await smallSite(DAY)
})
afterAll(async () => {
  await sim.close()
  await folder.remove()
})

type Running = ReturnType<typeof almanacProcess>

/** Waits until the process said something on stderr. */
async function saying({ child, pieces }: Running, text: string): Promise<void> {
  while (!pieces.err.includes(text)) await once(child.stderr, 'data')
}

const nightly = (path: string): string[] => [
  'nightly',
  '--warehouse',
  path,
  '--date',
  DAY,
  '--select',
  'users,groups,workbooks',
]

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s in the middle of a night signs out, hands the lease back and leaves nothing half-published',
  async (signal) => {
    const root = join(folder.path, signal)
    const before = sim.counters()
    // The list of workbooks never ends, so that the night is in its middle for sure.
    sim.faults.set([{ kind: 'stall', match: { endpoint: 'workbooks' } }])
    const running = almanacProcess(nightly(root), environmentOf(sim))
    await saying(running, '"entity":"users","verdict":"complete"')
    running.child.kill(signal)
    const { exit, out, err } = await running.ended
    sim.faults.clear()
    expect([exit, out]).toEqual([130, ''])
    expect(err).toContain('interrupted: what was committed stands')
    const count = (name: string): number => (sim.counters()[name] ?? 0) - (before[name] ?? 0)
    expect([count('signIns'), count('signOuts')]).toEqual([1, 1])
    expect(await readdir(join(root, 'manifest'))).not.toContain('entity=workbooks')
    expect((await almanac(['verify', '--warehouse', root, '--select', 'users,groups,workbooks'])).exit).toBe(
      0,
    )
    // A lease that was not handed back would keep the next run waiting for a minute.
    const again = await almanac([...nightly(root), '--output', 'json'], environmentOf(sim))
    expect(again.exit).toBe(0)
    expect(again.err).not.toContain('"event":"waiting"')
    expect(JSON.parse(again.out).outcomes).toMatchObject([
      { already: true },
      {},
      { already: false, verdict: 'complete' },
    ])
  },
)

test('a second Ctrl-C ends the process at once', async () => {
  sim.faults.set([
    { kind: 'stall', match: { endpoint: 'workbooks' } },
    { kind: 'stall', match: { endpoint: 'signOut' } },
  ])
  const running = almanacProcess(nightly(join(folder.path, 'twice')), environmentOf(sim))
  await saying(running, '"signed-in"')
  running.child.kill('SIGINT')
  await saying(running, 'press Ctrl-C again')
  running.child.kill('SIGINT')
  const { exit, err } = await running.ended
  sim.faults.clear()
  expect(exit).toBe(130)
  expect(err).not.toContain('what was committed stands')
})
