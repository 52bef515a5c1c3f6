import { setTimeout as wait } from 'node:timers/promises'
import { GetObjectCommand, type GetObjectCommandOutput } from '@aws-sdk/client-s3'
import { AlmanacError } from '../../core/errors.ts'
import type { StoredObject } from '../../core/ports.ts'
import { sha256 } from '../../core/sha256.ts'
import { isNoSuchKey, s3Failure, unlessAbsent } from './failure.ts'
import { faultOf } from './fault.ts'
import { etagIn, type S3Object } from './object.ts'

/** How often a body may be cut. The client itself repeats a request only until the body begins. */
const ATTEMPTS = 4
/** Before it is read again; longer with each cut, so that what cuts it can pass. */
const PAUSE_MS = 50
/** SHA-256 of a whole object in base64; one of an upload in parts ends with their number. */
const WHOLE = /^[A-Za-z0-9+/]{43}=$/

function corrupt(at: S3Object, why: string, details: Record<string, string | number>): never {
  throw new AlmanacError('corrupt-object', `${at.url} ${why}`, { details: { key: at.key, ...details } })
}

/** The SHA-256 (in hex) that was recorded when the object was written. */
function recordedSha256(at: S3Object, { ChecksumSHA256 = '' }: GetObjectCommandOutput): string {
  if (WHOLE.test(ChecksumSHA256)) return Buffer.from(ChecksumSHA256, 'base64').toString('hex')
  return corrupt(at, 'has no SHA-256 of its own, so it was not written by Almanac', {})
}

function damaged(at: S3Object, expected: string, found: string): never {
  return corrupt(at, `is damaged: SHA-256 ${expected} was recorded, ${found} was found`, { expected, found })
}

/** The client compares as well, and throws before the last bytes come out; it has no name for that. */
const isMismatch = (thrown: unknown): thrown is Error =>
  thrown instanceof Error && thrown.message.startsWith('Checksum mismatch')

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(chunks.reduce((size, chunk) => size + chunk.length, 0))
  let filled = 0
  for (const chunk of chunks) {
    bytes.set(chunk, filled)
    filled += chunk.length
  }
  return bytes
}

async function bodyOf(answer: GetObjectCommandOutput): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of (answer.Body ?? []) as AsyncIterable<Uint8Array>) chunks.push(chunk)
  return joined(chunks)
}

async function wholeOf(at: S3Object, answer: GetObjectCommandOutput): Promise<StoredObject> {
  const etag = etagIn(answer.ETag, at.url)
  const expected = recordedSha256(at, answer)
  const bytes = await bodyOf(answer).catch((thrown: unknown) => {
    if (isMismatch(thrown)) return damaged(at, expected, 'another')
    throw thrown
  })
  const found = sha256(bytes)
  if (found !== expected) damaged(at, expected, found)
  return { key: at.key, etag, size: bytes.length, bytes, sha256: found }
}

/**
 * Reads an object whole and holds its bytes against the SHA-256 that S3 recorded at the write; undefined when there is
 * none. Reads again when the body is cut. Throws `corrupt-object` for other bytes and for what has no SHA-256.
 */
export async function readObject(at: S3Object): Promise<StoredObject | undefined> {
  for (let attempt = 1; ; attempt++) {
    const get = new GetObjectCommand({ ...at.address, ChecksumMode: 'ENABLED' })
    const answer = await unlessAbsent(at.url, isNoSuchKey, () => at.client.send(get))
    if (answer === undefined) return undefined
    try {
      return await wholeOf(at, answer)
    } catch (thrown) {
      const fault = faultOf(thrown)
      if (attempt === ATTEMPTS) throw s3Failure(fault, at.url, `the object was cut ${ATTEMPTS} times: `)
    }
    await wait(PAUSE_MS * attempt)
  }
}
