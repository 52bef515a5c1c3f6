import { sha256 } from '../../lib/core/sha256.ts'
import type { Random } from './random.ts'
import type { Vault } from './vault.ts'

/** An object that is to be damaged, and what may be used for it. */
export interface Victim {
  readonly key: string
  readonly bytes: Uint8Array
  /** Another object of its kind. */
  readonly sibling: { readonly key: string; readonly bytes: Uint8Array }
  /** The bytes that it had before its last write, or its sibling's where it is written but once. */
  readonly older: Uint8Array
  /** A key of its kind under which nothing stands. */
  readonly vacant: string
}

/** A way to damage an object. Answers the keys that are damaged by it; none when the object cannot be damaged so. */
export type Damage = (vault: Vault, victim: Victim, random: Random) => Promise<readonly string[]>

/** What a store records of these bytes. */
export const markOf = (bytes: Uint8Array) => ({ sha256: sha256(bytes), size: bytes.length })

/** Other bytes under the victim's key; the same bytes would be no damage. */
const bytesDamage =
  (make: (victim: Victim, random: Random) => Uint8Array): Damage =>
  async (vault, victim, random) => {
    const bytes = make(victim, random)
    if (Buffer.compare(bytes, victim.bytes) === 0) return []
    await vault.put(victim.key, bytes)
    return [victim.key]
  }

const flipped = ({ bytes }: Victim, random: Random): Uint8Array => {
  const at = random.below(bytes.length)
  return bytes.map((byte, i) => (i === at ? byte ^ (1 << random.below(8)) : byte))
}

const zeroed = ({ bytes }: Victim, random: Random): Uint8Array => {
  const from = random.below(bytes.length)
  return bytes.map((byte, i) => (i >= from && i < from + 512 ? 0 : byte))
}

const appended = ({ bytes }: Victim, random: Random): Uint8Array =>
  Buffer.concat([bytes, Uint8Array.from({ length: 1 + random.below(64) }, () => random.below(256))])

const digitFlipped = (hex: string, at: number): string =>
  hex.slice(0, at) + (Number.parseInt(hex[at] ?? '0', 16) ^ 1).toString(16) + hex.slice(at + 1)

/** What can happen to bytes at rest, and to what is recorded of them, behind the store's back. */
export const DAMAGES: Readonly<Record<string, Damage>> = {
  'a flipped bit': bytesDamage(flipped),
  truncation: bytesDamage(({ bytes }, random) => bytes.subarray(0, random.below(bytes.length))),
  emptying: bytesDamage(() => new Uint8Array()),
  'a block of zeros': bytesDamage(zeroed),
  'bytes appended': bytesDamage(appended),
  'an older version put back': bytesDamage(({ older }) => older),
  'two objects swapped': async (vault, { key, bytes, sibling }) => {
    if (Buffer.compare(bytes, sibling.bytes) === 0) return []
    await vault.put(key, sibling.bytes)
    await vault.put(sibling.key, bytes)
    return [key, sibling.key]
  },
  'its record lost': async (vault, { key }) => {
    await vault.mark(key, undefined)
    return [key]
  },
  'its record flipped': async (vault, { key, bytes }, random) => {
    const mark = markOf(bytes)
    await vault.mark(key, { ...mark, sha256: digitFlipped(mark.sha256, random.below(64)) })
    return [key]
  },
  'records swapped': async (vault, { key, bytes, sibling }) => {
    if (Buffer.compare(bytes, sibling.bytes) === 0) return []
    await vault.mark(key, markOf(sibling.bytes))
    await vault.mark(sibling.key, markOf(bytes))
    return [key, sibling.key]
  },
  'a foreign file with a right name': async (vault, { vacant, sibling }) => {
    await vault.put(vacant, sibling.bytes)
    return [vacant]
  },
}
