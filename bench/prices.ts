/**
 * What AWS asks for, in dollars, in Frankfurt (eu-central-1), as its price lists of 2025 said: written down by hand, to be
 * looked up before anybody counts on it. What is free in the first year, or up to some number, is not taken off.
 */
export const PRICES = {
  /** Lambda on arm64, for each GB-second. */
  gbSecond: 0.0000133334,
  /** Lambda, for each invocation. */
  invocation: 0.0000002,
  /** Step Functions, for each state that a standard execution enters. */
  transition: 0.000025,
  /** S3, for each object written and each listing. */
  write: 0.0000054,
  /** S3, for each object read or looked at. */
  read: 0.00000043,
} as const

/** What a night used. */
export interface Used {
  readonly invocations: number
  readonly gbSeconds: number
  readonly transitions: number
  readonly writes: number
  readonly reads: number
}

/** What that costs, in dollars. */
export const costOf = ({ invocations, gbSeconds, transitions, writes, reads }: Used): number =>
  invocations * PRICES.invocation +
  gbSeconds * PRICES.gbSecond +
  transitions * PRICES.transition +
  writes * PRICES.write +
  reads * PRICES.read
