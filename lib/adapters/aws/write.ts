import { createHash, randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { PutObjectCommand, type PutObjectCommandInput } from '@aws-sdk/client-s3'
import { isError } from '../../core/errors.ts'
import type { WriteCondition, WriteResult } from '../../core/ports.ts'
import { s3Failure } from './failure.ts'
import { type AwsFault, faultOf } from './fault.ts'
import { ATTEMPT, stateOf } from './head.ts'
import { etagIn, isEtag, type S3Object } from './object.ts'

/** How often S3 may say that something else was writing the same object at the same moment, and how long we wait. */
const CONFLICTS = 5
const PAUSE_MS = 50
const LOST: WriteResult = { won: false }

/** A write as it is sent, and the name it is recognised by. */
interface Attempt {
  readonly name: string
  readonly input: PutObjectCommandInput
}

function attemptOf(at: S3Object, bytes: Uint8Array, condition: WriteCondition): Attempt {
  const name = randomUUID()
  const Body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const input = {
    ...at.address,
    Body,
    ChecksumSHA256: createHash('sha256').update(Body).digest('base64'),
    Metadata: { [ATTEMPT]: name },
    ...(condition === 'absent' ? { IfNoneMatch: '*' } : { IfMatch: condition.etag }),
  }
  return { name, input }
}

/** Sends the write once; the client itself may repeat it. Its ETag, or the fault. */
async function put(at: S3Object, { input }: Attempt): Promise<string | AwsFault> {
  try {
    const { ETag } = await at.client.send(new PutObjectCommand(input))
    return etagIn(ETag, at.url)
  } catch (thrown) {
    return faultOf(thrown)
  }
}

/** Whether an earlier sending, or this one, may have been carried out although no answer says so. */
const isDoubtful = ({ kind, attempts, status = 0 }: AwsFault): boolean =>
  attempts > 1 || kind === 'silence' || status >= 500

/** The condition did not hold: Amazon S3 User Guide, "Conditional requests". */
const isLost = ({ name, status }: AwsFault, { input }: Attempt): boolean =>
  status === 412 || (input.IfMatch !== undefined && name === 'NoSuchKey')

/**
 * What became of a write that has no answer of its own. Only the attempt's name tells: another writer may have sent the
 * same bytes. Throws `store-failed` when S3 cannot be asked.
 */
async function madeAfterAll(at: S3Object, attempt: Attempt, fault: AwsFault): Promise<WriteResult> {
  try {
    const state = await stateOf(at)
    return state?.attempt === attempt.name ? { won: true, etag: state.etag } : LOST
  } catch (thrown) {
    if (!isError(thrown, 'store-failed', 'proxy-refused')) throw thrown
    throw s3Failure(
      fault,
      at.url,
      'the write may have been made, and reading it back failed too; first came ',
    )
  }
}

async function settle(
  at: S3Object,
  attempt: Attempt,
  fault: AwsFault,
  doubtful: boolean,
): Promise<WriteResult> {
  const result = doubtful ? await madeAfterAll(at, attempt, fault) : LOST
  if (result.won || isLost(fault, attempt)) return result
  throw s3Failure(fault, at.url)
}

/**
 * Writes an object if the condition holds. S3 decides between racers; after a lost answer the object's metadata says
 * whether this write made it. One that won, whose answer was lost, and that was replaced before we could look, counts
 * as lost. Throws `store-failed` when it cannot write or cannot tell. The bytes must not change meanwhile.
 */
export async function writeObject(
  at: S3Object,
  bytes: Uint8Array,
  condition: WriteCondition,
): Promise<WriteResult> {
  if (condition !== 'absent' && !isEtag(condition.etag)) return LOST
  const attempt = attemptOf(at, bytes, condition)
  let doubtful = false
  for (let round = 1; ; round++) {
    const answer = await put(at, attempt)
    if (typeof answer === 'string') return { won: true, etag: answer }
    doubtful ||= isDoubtful(answer)
    if (answer.name !== 'ConditionalRequestConflict' || round === CONFLICTS)
      return settle(at, attempt, answer, doubtful)
    await wait(PAUSE_MS * round)
  }
}
