import { cpus, totalmem } from 'node:os'

/** Where and when figures were taken, in one line. */
export function machineLine(): string {
  const processors = cpus()
  const model = processors[0]?.model ?? 'unknown processor'
  const memory = Math.round(totalmem() / 2 ** 30)
  const day = new Date().toISOString().slice(0, 10)
  return `${day}, Node ${process.versions.node}, ${processors.length} cores (${model}), ${memory} GB, ${process.platform}`
}
