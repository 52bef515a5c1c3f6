import type { EventFacts } from '../core/entity.ts'
import { keys } from '../core/keys.ts'
import { eventColumns } from '../core/published.ts'
import { parseStored } from '../core/receipt.ts'
import type { Desk } from '../load/desk.ts'
import { expectedMonths, type Observation } from '../load/events.ts'
import { compare, wrong } from './compare.ts'
import type { Finding } from './finding.ts'
import { lostHint, strayHint } from './hint.ts'
import { publishedKeys } from './published.ts'

/** The keys of every month of which a reading tells. */
async function monthsRead({ store, at }: Desk): Promise<ReadonlySet<string>> {
  const readings = (await store.list(keys.observations(at))).filter(({ key }) => key.endsWith('.parquet'))
  const months = await Promise.all(
    readings.map(async ({ key: reading }) => {
      const key = reading.replace(/\.parquet$/, '.json')
      const object = await store.read(key)
      return object === undefined ? [] : parseStored<Observation['receipt']>(key, object.bytes).months
    }),
  )
  return new Set(months.flat().map((month) => keys.event(at, month)))
}

/**
 * Holds the published months of an event entity to its observations. A primary object that cannot be read ends this;
 * `verifyObjects` has named it.
 */
export async function* verifyMonths(desk: Desk, facts: EventFacts): AsyncGenerator<Finding> {
  const { store, at } = desk
  // Before the readings: what is published meanwhile has one.
  const published = await publishedKeys(store, at)
  for (const month of await expectedMonths(desk, facts))
    yield* compare(desk, month, eventColumns(desk.shape), 'its observations make')
  const [first] = published
  if (first === undefined) return
  if ((await store.list(keys.observations(at))).length === 0) {
    const message = `${first} is published, and no reading is there: its observations are lost`
    return yield wrong(desk, first, message, lostHint(at, 'observation'))
  }
  const read = await monthsRead(desk)
  for (const key of published.filter((each) => !read.has(each))) {
    const message = `${key} is published, and no reading tells of it`
    yield wrong(desk, key, message, strayHint(key, at, 'observation'))
  }
}
