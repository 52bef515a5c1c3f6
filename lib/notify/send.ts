import type { NotifyTarget } from '../config/configuration.ts'
import { AlmanacError, asAlmanacError } from '../core/errors.ts'
import type { Secrets } from '../core/ports.ts'
import { type Secret, secretOf } from '../core/secret.ts'
import { cleaned } from './clean.ts'
import type { Letter } from './letter.ts'
import { bodyFor, targetName } from './target.ts'
import type { Post } from './webhook.ts'
import { within } from './within.ts'

/** What sending works with. */
export interface SendPorts {
  readonly secrets: Secrets
  readonly post: Post
}

/** What an answer means; null when the message was taken. */
function objection(status: number): string | null {
  if (status >= 200 && status < 300) return null
  if (status >= 300 && status < 400) return 'it redirects, which is not followed'
  if (status === 404 || status === 410) return 'there is no such webhook any more'
  if (status === 401 || status === 403) return 'it refuses us'
  if (status === 413) return 'the message is too long for it'
  if (status === 429) return 'it asked to slow down'
  return status >= 500 ? 'it failed' : 'it did not take the message'
}

const SHORTEST_SECRET = 8

/** A text without the address, whole or in pieces; the host is no secret. */
function hiding(text: string, url: Secret): string {
  const address = url.reveal().trim()
  const host = URL.canParse(address) ? new URL(address).host : ''
  const pieces = address.split(/[/?&=#]+/).filter((piece) => piece.length >= SHORTEST_SECRET)
  const secret = [address, ...pieces].filter((piece) => piece !== '' && !host.includes(piece))
  return secret.reduce((shown, piece) => shown.replaceAll(piece, '[hidden]'), text)
}

/** Sends a letter to a target within so many milliseconds: why it was not taken, in words, or null. Never throws. */
export async function send(
  target: NotifyTarget,
  letter: Letter,
  { secrets, post }: SendPorts,
  milliseconds: number,
): Promise<string | null> {
  let url = secretOf('')
  try {
    return await within(milliseconds, targetName(target), async (signal) => {
      url = await secrets.read(target.url)
      const { status } = await post(url, bodyFor(target, letter), signal)
      const problem = objection(status)
      return problem === null ? null : `${problem} (HTTP ${status})`
    })
  } catch (thrown) {
    const { message } = asAlmanacError(thrown)
    // An error of ours says what it means; of any other the text may hold anything.
    const text = thrown instanceof AlmanacError ? message : cleaned(message, 200)
    return hiding(text, url)
  }
}
