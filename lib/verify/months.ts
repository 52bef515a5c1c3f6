import type { EventFacts } from '../core/entity.ts'
import { keys } from '../core/keys.ts'
import { parseStored } from '../core/receipt.ts'
import type { Desk } from '../load/desk.ts'
import { type Observation, verifyEventMonths } from '../load/events.ts'
import type { Finding } from './finding.ts'
import { lostHint, rebuildHint, strayHint } from './hint.ts'
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
  const wrong = { ...at, level: 'wrong' } as const
  // Before the readings: what is published meanwhile has one.
  const published = await publishedKeys(store, at)
  for (const { key, message } of await verifyEventMonths(desk, facts))
    yield { ...wrong, key, message, next: rebuildHint(at) }
  const [first] = published
  if (first === undefined) return
  if ((await store.list(keys.observations(at))).length === 0) {
    const message = `${first} is published, and no reading is there: its observations are lost`
    return yield { ...wrong, key: first, message, next: lostHint(at, 'observation') }
  }
  const read = await monthsRead(desk)
  for (const key of published.filter((each) => !read.has(each))) {
    const message = `${key} is published, and no reading tells of it`
    yield { ...wrong, key, message, next: strayHint(key, at, 'observation') }
  }
}
