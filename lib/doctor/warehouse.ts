import { AlmanacError } from '../core/errors.ts'
import { keys } from '../core/keys.ts'
import type { ObjectStore, WriteResult } from '../core/ports.ts'
import { parseStored } from '../core/receipt.ts'
import { sha256 } from '../core/sha256.ts'
import { isSameSite, type SiteIdentity } from '../session/identity.ts'
import type { Client } from '../tableau/client.ts'
import { fail, ok, type Step } from './check.ts'

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

const broken = (what: string): AlmanacError =>
  new AlmanacError('store-failed', `the store breaks a promise: ${what}`, {
    next: 'Keep the warehouse on a disk of this machine or in S3: two runs that meet would lose data on this store.',
  })

function won(result: WriteResult, what: string): string {
  if (result.won) return result.etag
  throw broken(what)
}

function lost(result: WriteResult, what: string): void {
  if (result.won) throw broken(what)
}

/** Creates twice: the first wins, the second loses, and both a reading and a listing show the first. */
async function create(store: ObjectStore, key: string, first: string): Promise<string> {
  const etag = won(await store.write(key, bytesOf(first), 'absent'), 'the first write of a new key lost')
  lost(await store.write(key, bytesOf('second'), 'absent'), 'a second create-only write of one key won')
  const object = await store.read(key)
  if (object === undefined || object.etag !== etag || object.sha256 !== sha256(bytesOf(first)))
    throw broken('an object read back is not what was written')
  const listed = await store.list(key)
  if (!listed.some((each) => each.key === key))
    throw broken('a listing does not show what was written before')
  return etag
}

/** Replaces by compare-and-swap: the state that was read wins, a stale one loses. */
async function swap(store: ObjectStore, key: string, etag: string): Promise<void> {
  const next = won(
    await store.write(key, bytesOf('third'), { etag }),
    'a write over the state just read lost',
  )
  if (next === etag) throw broken('the ETag stayed the same when the bytes changed')
  lost(await store.write(key, bytesOf('stale'), { etag }), 'a write over a stale state won')
  const object = await store.read(key)
  if (object === undefined || object.sha256 !== sha256(bytesOf('third')))
    throw broken('a write that lost changed the object')
}

/**
 * Writes, reads, lists, replaces and removes one object of its own, and holds the store to its promises: whole objects,
 * one winner among conditional writers, listings that show what was written. `run` makes the key its own: it lies among the
 * leases, where no table and no proof looks. Throws `store-failed` with the promise that was broken.
 */
export async function probeStore(store: ObjectStore, run: string): Promise<void> {
  const key = keys.lease(sha256(bytesOf(`probe\n${run}`)))
  try {
    await swap(store, key, await create(store, key, `probe of ${run}`))
  } catch (thrown) {
    // What broke first is what to tell, even where nothing can be removed either.
    await store.remove(key).catch(() => undefined)
    throw thrown
  }
  await store.remove(key)
  if ((await store.head(key)) !== undefined) throw broken('an object that was removed is still there')
}

/** Whether the slug still means the site that the sign-in reached. */
export async function slug(store: ObjectStore, name: string, client: Client): Promise<Step<true>> {
  const object = await store.read(keys.site(name))
  if (object === undefined)
    return ok('slug', `"${name}" is free; the first night binds it to this site`, true)
  const bound = parseStored<SiteIdentity>(object.key, object.bytes)
  const host = new URL(client.server).host
  if (isSameSite(bound, { id: client.site.id, host }))
    return ok('slug', `"${name}" means this site (${bound.id})`, true)
  return fail(
    'slug',
    `"${name}" means the site ${bound.id} ("${bound.contentUrl}" on ${bound.host}) in this warehouse, and the sign-in reached ${client.site.id} on ${host}`,
    'Give this site another slug, or another warehouse: two sites never share a history, nor a server and its copy.',
    true,
  )
}
