/** A run that is still going after this long will not end; the next one then takes over its session. In milliseconds. */
export const RUN_TIMEOUT_MS = 8 * 3_600_000

/**
 * So long after it began a run reads, and waits for its session, at most; what is not read by then waits for the next run.
 * What is left of `RUN_TIMEOUT_MS` is for an invocation that was begun before, the loads and the report. In milliseconds.
 */
export const READING_MS = 6 * 3_600_000

/** When a run that began then reads no more, in ms since 1970. `startedAt` is a time as a state machine says it. */
export const readUntil = (startedAt: string): number => Date.parse(startedAt) + READING_MS
