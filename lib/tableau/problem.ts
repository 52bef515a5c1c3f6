import { AlmanacError, type ErrorCode } from '../core/errors.ts'
import { redacted } from '../core/redact.ts'
import type { Complaint } from './answer.ts'
import { reasonNumber } from './reason.ts'

/** Which call failed, for messages: `GET https://host/api/3.29/sites/…/users`, with the HTTP status that came back. */
export interface Failed {
  readonly place: string
  readonly status: number
  /** How long the server asked to wait, in milliseconds; undefined when it did not say. */
  readonly retryAfterMs?: number | undefined
  /** The call carried a secret that the server may repeat: no text of the answer may stand in a message. */
  readonly confidential?: boolean | undefined
}

/**
 * What Tableau's own codes mean, the longest prefix deciding. The codes count and not the texts, which are localized, and
 * not the HTTP status, which now and then differs from the code's first digits (REST API reference, "Handling errors").
 */
const MEANINGS: readonly (readonly [prefix: string, code: ErrorCode])[] = [
  ['401001', 'sign-in-refused'],
  ['401003', 'sign-in-refused'],
  ['401', 'session-lost'],
  ['403014', 'tableau-error'], // page size above the maximum
  ['403', 'forbidden'],
  ['404000', 'unknown-site'],
  ['408', 'server-error'],
  ['429', 'rate-limited'],
  ['5', 'server-error'],
]

function meaningOf(tableauCode: string): ErrorCode {
  const found = MEANINGS.filter(([prefix]) => tableauCode.startsWith(prefix)).sort(
    ([a], [b]) => b.length - a.length,
  )
  return found[0]?.[1] ?? 'tableau-error'
}

/** What a status alone means, where the body is no Tableau error: only the ones that a retry may cure have a meaning. */
export function meaningOfStatus(status: number): ErrorCode | undefined {
  if (status === 429) return 'rate-limited'
  return status === 408 || status >= 500 ? 'server-error' : undefined
}

/** Facts of the failed call for machines. */
export function factsOf({ status, retryAfterMs }: Failed): Record<string, number> {
  return retryAfterMs === undefined ? { status } : { status, retryAfterMs }
}

/** Whether an error says that our session ended, which a new sign-in may cure: 401000 or 401002. */
export const isSessionLoss = (thrown: unknown): thrown is AlmanacError =>
  thrown instanceof AlmanacError && thrown.code === 'session-lost' && thrown.tableauCode !== undefined

/**
 * An `<error>` of Tableau as our error, with Tableau's code in `tableauCode`. Of a refused sign-in, which is confidential,
 * only a known number is kept, in `details.reason`.
 */
export function problemOf(complaint: Complaint, failed: Failed): AlmanacError {
  const texts = [complaint.summary, complaint.detail].filter((text) => text !== '')
  const said = failed.confidential === true ? '' : redacted(`: ${texts.join(': ')}`, 200)
  const code = /^\d{6}$/.test(complaint.code) ? complaint.code : undefined
  const reason = code === '401001' ? reasonNumber(texts.join(' ')) : undefined
  const meaning =
    (code === undefined ? undefined : meaningOf(code)) ?? meaningOfStatus(failed.status) ?? 'tableau-error'
  const message = `${failed.place}: Tableau answered ${code ?? 'an error without a code'} (HTTP ${failed.status})${said}`
  return new AlmanacError(meaning, message, {
    details: { ...factsOf(failed), ...(reason === undefined ? {} : { reason }) },
    ...(code === undefined ? {} : { tableauCode: code }),
  })
}
