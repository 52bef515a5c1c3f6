/** A run that is still going after this long will not end; the next one then takes over its session. In milliseconds. */
export const RUN_TIMEOUT_MS = 8 * 3_600_000
