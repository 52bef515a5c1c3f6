import { type Canary, type Needle, needlesOf } from './spellings.ts'

/** A piece of a secret that was found, and how many bytes stand before it. */
export interface Found extends Pick<Needle, 'secret' | 'spelling'> {
  readonly at: number
}

/** Finds pieces of secrets in bytes: of each secret and spelling the first one. */
export type Search = (bytes: Uint8Array) => readonly Found[]

/** Every needle is at least as long; the windows that are hashed have just this length. */
const WINDOW = 8
const MULTIPLIER = 0x01000193
/** Two to the power of this many bits say which hashes a needle begins with. */
const BITS = 24
const MASK = 2 ** BITS - 1

const multiplied = (times: number): number =>
  Array.from({ length: times }).reduce((product: number) => Math.imul(product, MULTIPLIER), 1)
/** What the byte that leaves the window has been multiplied to. */
const LEAVING = multiplied(WINDOW)

/** A hash that rolls: from the hash of a window to that of the next one. */
const rolled = (hash: number, entering: number, leaving: number): number =>
  (Math.imul(hash, MULTIPLIER) + entering + 1 - Math.imul(leaving + 1, LEAVING)) | 0

const slotOf = (hash: number): number => (hash ^ (hash >>> 15)) & MASK

const headOf = (bytes: Buffer, at: number): string => bytes.toString('latin1', at, at + WINDOW)

interface Index {
  readonly slots: Uint8Array
  readonly byHead: ReadonlyMap<string, readonly Needle[]>
}

function hashOf(bytes: Uint8Array): number {
  let hash = 0
  for (let i = 0; i < WINDOW; i++) hash = (Math.imul(hash, MULTIPLIER) + (bytes[i] ?? 0) + 1) | 0
  return hash
}

function indexOf(needles: readonly Needle[]): Index {
  const slots = new Uint8Array(2 ** (BITS - 3))
  const byHead = new Map<string, Needle[]>()
  for (const needle of needles) {
    const slot = slotOf(hashOf(needle.bytes))
    slots[slot >>> 3] = (slots[slot >>> 3] ?? 0) | (1 << (slot & 7))
    const head = headOf(needle.bytes, 0)
    const same = byHead.get(head)
    if (same === undefined) byHead.set(head, [needle])
    else same.push(needle)
  }
  return { slots, byHead }
}

/** Looks at every window of the bytes, of which nearly all are dismissed by their hash. */
function candidates(
  { slots, byHead }: Index,
  bytes: Buffer,
  take: (at: number, same: readonly Needle[]) => void,
) {
  if (bytes.length < WINDOW) return
  let hash = hashOf(bytes)
  for (let end = WINDOW; ; end++) {
    const slot = slotOf(hash)
    if (((slots[slot >>> 3] ?? 0) & (1 << (slot & 7))) !== 0) {
      const same = byHead.get(headOf(bytes, end - WINDOW))
      if (same !== undefined) take(end - WINDOW, same)
    }
    if (end >= bytes.length) return
    hash = rolled(hash, bytes[end] ?? 0, bytes[end - WINDOW] ?? 0)
  }
}

/** A search for all of these secrets at once; it takes a few nanoseconds a byte, whatever their number. */
export function searchFor(canaries: readonly Canary[]): Search {
  const index = indexOf(canaries.flatMap(needlesOf))
  return (bytes) => {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const found = new Map<string, Found>()
    candidates(index, buffer, (at, same) => {
      for (const { secret, spelling, bytes: needle } of same) {
        const name = `${secret}\n${spelling}`
        if (!found.has(name) && buffer.subarray(at, at + needle.length).equals(needle))
          found.set(name, { secret, spelling, at })
      }
    })
    return [...found.values()]
  }
}
