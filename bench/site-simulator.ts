import { startSimulator } from '../lib/simulator/server.ts'

/** The simulated site of bench/site.ts, in a process of its own, so that its work is not counted as Almanac's. */
const [latencyMs = '0', day = '2026-11-01'] = process.argv.slice(2)
const simulator = await startSimulator({ size: 'model', latencyMs: Number(latencyMs), day })
const { url, site, patName, patSecret } = simulator

process.on('message', (message: unknown) => {
  if (typeof message !== 'string') return
  simulator.setDay(message)
  process.send?.({ day: message })
})
process.on('disconnect', () => void simulator.close())
process.send?.({ serverUrl: url, contentUrl: site, patName, patSecret })
