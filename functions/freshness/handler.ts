import * as z from 'zod'
import { step } from '../../lib/lambda/step.ts'
import { freshnessStep } from '../../lib/steps/freshness.ts'

/** Says every hour how old the newest snapshot is: an alarm that waits for a figure rings when nothing runs at all. */
export const handler = step(
  'freshness',
  z.unknown(),
  async (_, { site, entities, store, clock, telemetry }) => {
    const found = await freshnessStep(
      { site: site.slug, timeZone: site.timeZone, entities },
      store,
      clock.now(),
    )
    // Where nothing was ever read there is no age; the alarm rings for silence, too.
    if (found.snapshotAgeHours !== null) telemetry.count('SnapshotAgeHours', found.snapshotAgeHours)
    telemetry.count('HeldDays', found.heldDays)
    return found
  },
)
