import { setImmediate as turn } from 'node:timers/promises'
import { openS3 } from '../../../lib/adapters/aws/client.ts'
import { s3Store } from '../../../lib/adapters/aws/store.ts'
import { asAlmanacError } from '../../../lib/core/errors.ts'
import { CANARY, REGION } from '../../aws/warehouse.ts'
import { text } from '../bytes.ts'

/** How the worker reaches its warehouse. */
export interface WorkerTask {
  readonly endpoint: string
  readonly proxy?: string
  readonly authorities: readonly string[]
  readonly connectMs: number
}

/** What came of it, and what keeps the process from ending afterwards. */
export interface WorkerReport {
  readonly code: string
  readonly message: string
  readonly open: readonly string[]
}

/** Writes and reads as a command does, and leaves it to the process to end: nothing is closed here. */
async function work({ endpoint, proxy, authorities, connectMs }: WorkerTask): Promise<string[]> {
  const way = { proxy: proxy === undefined ? undefined : { url: proxy }, authorities }
  const client = await openS3({ way, endpoint, connectMs, region: REGION, credentials: CANARY, attempts: 1 })
  const store = s3Store({ bucket: 'warehouse', prefix: 'night', client })
  try {
    await store.write('a', text('one'), 'absent')
    const found = await store.read('a')
    return ['read', String(found?.size)]
  } catch (thrown) {
    const { code, message } = asAlmanacError(thrown)
    return [code, message]
  }
}

const [code = '', message = ''] = await work(JSON.parse(process.argv[2] ?? '') as WorkerTask)
// A connection is handed back for the next request a turn after its answer.
for (let turns = 0; turns < 5; turns++) await turn()
const open = process.getActiveResourcesInfo().filter((name) => /TCP|TLS|Timeout/.test(name))
process.stdout.write(JSON.stringify({ code, message, open } satisfies WorkerReport))
