import { memoryStore } from '../lib/adapters/memory/store.ts'
import type { ObjectStore } from '../lib/core/ports.ts'
import { openEngine } from '../lib/transform/engine.ts'
import { startS3 } from '../test/aws/s3-server.ts'
import { clientOf, warehouseIn } from '../test/aws/warehouse.ts'
import { openSite } from '../test/system/site.ts'
import { type BenchCell, type BenchTable, benchmark, median, rounded } from './result.ts'

const DAYS = ['2026-11-01', '2026-11-02', '2026-11-03', '2026-11-04', '2026-11-05'] as const
const LATENCIES = [0, 60]
const SESSIONS = [2, 8]

/** Seconds of the nights after the first, which has nothing to compare with. */
async function nights(store: ObjectStore, sessions: number): Promise<number> {
  const engine = await openEngine({ sessions })
  const site = await openSite({}, store, engine)
  const seconds: number[] = []
  for (const day of DAYS) {
    const began = performance.now()
    const { failure, outcomes } = await site.night(day)
    if (failure !== null || outcomes.some(({ verdict }) => verdict !== 'complete'))
      throw new Error(`the night of ${day} is not whole`)
    seconds.push((performance.now() - began) / 1000)
  }
  await site.close()
  await engine.close()
  return median(seconds.slice(1))
}

/** A small site's nights into a bucket on loopback that answers late, against those into memory. */
async function bucket(): Promise<readonly BenchTable[]> {
  const server = await startS3()
  const client = await clientOf(server)
  const inMemory = await nights(memoryStore(), 2)
  const rows: BenchCell[][] = []
  for (const milliseconds of LATENCIES) {
    for (const sessions of SESSIONS) {
      const before = Object.values(server.counts).reduce((sum, count) => sum + count, 0)
      server.faults.set(() => (milliseconds === 0 ? undefined : { kind: 'late', milliseconds }))
      const seconds = await nights(warehouseIn(server, client, `${milliseconds}-${sessions}`), sessions)
      const calls = Object.values(server.counts).reduce((sum, count) => sum + count, 0) - before
      rows.push([
        milliseconds,
        sessions,
        rounded(seconds),
        rounded(seconds / inMemory),
        Math.round(calls / DAYS.length),
      ])
    }
  }
  client.destroy()
  await server.close()
  const head = ['S3 answers after, ms', 'loads at once', 'seconds a night', 'x memory', 'requests a night']
  return [{ title: 'Nights of a small site into a bucket', head, rows }]
}

await benchmark('bucket', bucket)
