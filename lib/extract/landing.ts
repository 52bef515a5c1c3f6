import { keys, type LandingPlace } from '../core/keys.ts'
import type { ObjectStore } from '../core/ports.ts'
import type { PartReceipt } from '../core/receipt.ts'
import { sha256 } from '../core/sha256.ts'
import type { FinishedPart } from './sink.ts'

/** Where one attempt lands its parts. */
export interface Landing {
  /** Writes parts; they have landed when it resolves. Throws `store-failed`. */
  write(parts: readonly FinishedPart[]): Promise<void>
  /** What has landed, in the order it was given. */
  receipts(): readonly PartReceipt[]
}

const byKey = (a: PartReceipt, b: PartReceipt): number => (a.key < b.key ? -1 : 1)

/** Opens the landing of an attempt. Its parts count once a receipt or a checkpoint names them. */
export function openLanding(store: ObjectStore, at: LandingPlace, attempt: string): Landing {
  const parts: PartReceipt[] = []
  let next = 0
  const writePart = async ({ bytes, rows }: FinishedPart, key: string): Promise<void> => {
    await store.write(key, bytes, 'absent')
    parts.push({ key, sha256: sha256(bytes), rows, bytes: bytes.byteLength })
  }
  return {
    write: async (finished) => {
      for (const part of finished) await writePart(part, keys.part(at, attempt, next++))
    },
    receipts: () => [...parts].sort(byKey),
  }
}
