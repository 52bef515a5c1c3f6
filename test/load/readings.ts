import type { Entity } from '../../lib/core/entity.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import { atDesk } from '../../lib/load/load.ts'
import { readingsOf } from '../../lib/load/replacement.ts'
import type { LoadEngine } from '../../lib/load/transforms.ts'

/** The SHA-256 of the newest reading of a toy's day, by which a correction names it. */
export async function newestReading(
  store: ObjectStore,
  engine: LoadEngine,
  of: Entity,
  dt: string,
): Promise<string> {
  const readings = await atDesk(store, engine, of, 'test', (desk) => readingsOf(desk, dt))
  return readings.at(-1)?.sha256 ?? 'no reading'
}
