import type { Day } from './day.ts'
import type { EntityOutcome } from './event.ts'
import { exitOf } from './verdict.ts'

/** What a run leaves behind: one line per entity. Times in milliseconds since 1970 UTC. */
export interface RunReport {
  readonly format: 1
  readonly site: string
  readonly dt: Day
  readonly run: string
  /** Address of the server; null when the run never reached it. */
  readonly server: string | null
  readonly apiVersion: string | null
  readonly startedAt: number
  readonly endedAt: number
  /** When the personal access token expires, where Tableau tells; reports from before that was asked lack it. */
  readonly tokenExpiresAt?: number | null
  readonly outcomes: readonly EntityOutcome[]
  /** What ended the run before its time; null when nothing did. */
  readonly failure: { readonly code: string; readonly message: string; readonly next: string } | null
}

/** The exit code of a run: 1 failed (wins), 3 when an entity's data is not there, else 0. */
export function exitOfRun(report: RunReport): 0 | 1 | 3 {
  if (report.failure !== null) return 1
  return report.outcomes.some(({ verdict }) => exitOf(verdict) === 3) ? 3 : 0
}
