import { createHash } from 'node:crypto'
import type { WriteResult } from '../../lib/core/ports.ts'

/** The UTF-8 bytes of a text. */
export const text = (value: string): Uint8Array => new TextEncoder().encode(value)

/** SHA-256 in hex, reckoned apart from the stores. */
export const sha256 = (value: string | Uint8Array): string => createHash('sha256').update(value).digest('hex')

/** The ETag of a write that must have won. */
export function etagOf(result: WriteResult): string {
  if (!result.won) throw new Error('the write lost, and was expected to win')
  return result.etag
}
