import { AlmanacError } from '../core/errors.ts'
import { keys } from '../core/keys.ts'
import type { ObjectStore } from '../core/ports.ts'
import { jsonBytes, parseStored } from '../core/receipt.ts'
import { NO_NOTICE, type Notice } from './notice.ts'

/** Each try is lost to another run that got ahead, and a run makes three writes. */
const MOST_TRIES = 100

function parsed(key: string, bytes: Uint8Array): Notice {
  const notice = parseStored<Notice>(key, bytes)
  if (Array.isArray(notice.open) && typeof notice.mailboxes === 'object') return notice
  throw new AlmanacError('corrupt-object', `${key} is no notice`)
}

/** What a change of the notice leaves, and what its maker wants to know of it. */
export interface Step<T> {
  readonly notice: Notice
  readonly result: T
}

/**
 * Changes a site's notice by compare-and-swap: `change` is asked again whenever another run got ahead, and nothing is
 * written when nothing changed, nor once the signal is aborted. Throws what the store throws, `corrupt-object`,
 * `store-conflict`, or the signal's reason.
 */
export async function changeNotice<T>(
  store: ObjectStore,
  site: string,
  change: (notice: Notice) => Step<T>,
  signal?: AbortSignal,
): Promise<T> {
  const key = keys.notice(site)
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const object = await store.read(key)
    const { notice, result } = change(object === undefined ? NO_NOTICE : parsed(key, object.bytes))
    const bytes = jsonBytes(notice)
    if (object !== undefined && Buffer.compare(bytes, object.bytes) === 0) return result
    // Whoever asked has gone on by now, and acted as if nothing had been written.
    signal?.throwIfAborted()
    const condition = object === undefined ? 'absent' : { etag: object.etag }
    if ((await store.write(key, bytes, condition)).won) return result
  }
  throw new AlmanacError('store-conflict', `${key} was changed by others ${MOST_TRIES} times in a row`)
}
