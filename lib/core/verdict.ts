/**
 * What an entity's night came to. Only `complete` is committed.
 * `guarded`: complete, but so much smaller than before that a person must accept it.
 * `forbidden`: the user may not read it. `unsupported`: the server is older than the method, or events were to be backdated; no failure.
 */
export const VERDICTS = ['complete', 'incomplete', 'forbidden', 'unsupported', 'guarded'] as const

/** One of `VERDICTS`. */
export type Verdict = (typeof VERDICTS)[number]

/** The exit code that a verdict asks for: 0 for what is fine, 3 for data that is not there. */
export const exitOf = (verdict: Verdict): 0 | 3 =>
  verdict === 'complete' || verdict === 'unsupported' ? 0 : 3
