import { openBucket } from '../lib/adapters/aws/bucket.ts'
import { copyWarehouse } from '../lib/adapters/copy.ts'
import { diskStore } from '../lib/adapters/local/store.ts'
import { AlmanacError, asAlmanacError } from '../lib/core/errors.ts'
import type { ObjectStore } from '../lib/core/ports.ts'
import { isS3Url } from '../lib/core/s3-place.ts'

const openAt = async (place: string): Promise<ObjectStore> =>
  isS3Url(place) ? openBucket(place, process.env) : diskStore(place)

/** Copies a warehouse, from a folder or bucket to another: `npm run copy-warehouse -- ./warehouse s3://bucket`. */
async function main([from, to, ...others]: readonly string[]): Promise<void> {
  if (from === undefined || to === undefined || others.length > 0)
    throw new AlmanacError('usage', 'copy-warehouse takes two places', {
      next: 'For example: npm run copy-warehouse -- ./warehouse s3://almanac-prod-123456789012-eu-central-1',
    })
  const say = (line: string): boolean => process.stderr.write(`${line}\n`)
  const { written, there } = await copyWarehouse(await openAt(from), await openAt(to), (area, objects) =>
    say(`${area}: ${objects} objects`),
  )
  if (written + there === 0)
    throw new AlmanacError('not-found', `there is no warehouse at ${from}`, { next: 'Name its folder.' })
  say(`${written} objects written, ${there} were there. Now: npx almanac verify --warehouse ${to}`)
}

main(process.argv.slice(2)).catch((thrown: unknown) => {
  const { message, next, exit } = asAlmanacError(thrown)
  process.stderr.write(`error: ${message}\nnext: ${next}\n`)
  process.exitCode = exit
})
