import { createHash } from 'node:crypto'
import type { BigIntStats } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { AlmanacError } from '../../core/errors.ts'
import { unless } from './failure.ts'
import type { Marker } from './marker.ts'
import { markersOf, type Place } from './place.ts'

/** How many replacements one reader may meet. Each takes its writer several flushes of the disk, so few suffice. */
const ATTEMPTS = 50

/** An object's bytes as they stand on the disk, their SHA-256, and its markers. */
export interface Examined {
  readonly bytes: Uint8Array
  readonly sha256: string
  /** Whether a marker records just these bytes. */
  readonly isWhole: boolean
  readonly markers: readonly Marker[]
}

/** SHA-256 in 64 lower-case hex digits. */
export const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

async function readAll(handle: FileHandle, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size)
  let filled = 0
  while (filled < size) {
    const { bytesRead } = await handle.read(bytes, filled, size - filled, filled)
    if (bytesRead === 0) return bytes.subarray(0, filled)
    filled += bytesRead
  }
  return bytes
}

async function readFile(path: string): Promise<{ bytes: Uint8Array; stats: BigIntStats } | undefined> {
  const handle = await unless(['ENOENT'], open(path, 'r'))
  if (handle === undefined) return undefined
  try {
    const stats = await handle.stat({ bigint: true })
    return stats.isFile() ? { bytes: await readAll(handle, Number(stats.size)), stats } : undefined
  } finally {
    await handle.close()
  }
}

async function isSameFile(path: string, before: BigIntStats): Promise<boolean> {
  const now = await unless(['ENOENT'], stat(path, { bigint: true }))
  return now?.ino === before.ino && now.ctimeNs === before.ctimeNs && now.size === before.size
}

const names = (markers: readonly Marker[]): string =>
  markers
    .map(({ name }) => name)
    .sort()
    .join('/')

/** One look: the verdict, or 'moving' when a writer replaced the object meanwhile. */
async function look(at: Place): Promise<Examined | undefined | 'moving'> {
  const before = await markersOf(at)
  const file = await readFile(at.path)
  if (file === undefined) return undefined
  const { bytes, stats } = file
  const sha256 = sha256Of(bytes)
  const records = (marker: Marker) => marker.sha256 === sha256 && marker.size === bytes.length
  if (before.some(records)) return { bytes, sha256, isWhole: true, markers: before }
  const markers = await markersOf(at)
  if (markers.some(records)) return { bytes, sha256, isWhole: true, markers }
  const isStill = names(before) === names(markers) && (await isSameFile(at.path, stats))
  return isStill ? { bytes, sha256, isWhole: false, markers } : 'moving'
}

/**
 * Reads an object and holds its bytes against its markers; undefined when there is none. Bytes that no marker
 * records are damaged only when neither the file nor its markers changed while we looked: a reader may meet a
 * replacement. Throws `store-conflict` when the object never stood still.
 */
export async function examine(at: Place): Promise<Examined | undefined> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const seen = await look(at)
    if (seen !== 'moving') return seen
  }
  throw new AlmanacError(
    'store-conflict',
    `warehouse ${at.root}: ${at.key} was replaced during ${ATTEMPTS} readings`,
  )
}
