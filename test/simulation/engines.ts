import type { LoadEngine } from '../../lib/load/transforms.ts'

/** What computes the rows of a simulation: plain JavaScript, or DuckDB itself, which takes twenty times as long. */
export type EngineName = 'plain' | 'duckdb'

/** Opens an engine, to be closed after use. DuckDB is loaded only when it is wanted. */
export async function openSimulated(
  name: EngineName,
): Promise<{ engine: LoadEngine; close(): Promise<void> }> {
  if (name === 'plain') {
    const { plainEngine } = await import('./plain-engine.ts')
    return { engine: plainEngine, close: async () => undefined }
  }
  const { openEngine } = await import('../../lib/transform/engine.ts')
  // A process that waits for its turn keeps its session: with fewer, all would wait for one another.
  const engine = await openEngine({ threads: 1, sessions: 256 })
  return { engine, close: engine.close }
}
