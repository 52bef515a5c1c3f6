import type { Day } from '../core/day.ts'
import type { AlmanacError } from '../core/errors.ts'
import type { RunReport } from '../core/report.ts'

/** The report of a night that ended before it could write one: a secret that is missing, a warehouse that cannot be opened. */
export function failedNight(
  {
    site,
    dt,
    run,
    at,
  }: { readonly site: string; readonly dt: Day; readonly run: string; readonly at: number },
  { code, message, next }: AlmanacError,
): RunReport {
  return {
    format: 1,
    site,
    dt,
    run,
    server: null,
    apiVersion: null,
    startedAt: at,
    endedAt: at,
    tokenExpiresAt: null,
    outcomes: [],
    failure: { code, message, next },
  }
}
