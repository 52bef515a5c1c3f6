import type { RunReport } from '../../lib/core/report.ts'
import type { Verdict } from '../../lib/core/verdict.ts'
import type { Fault } from '../../lib/simulator/faults.ts'
import type { NightChanges, Site } from './site.ts'

/** A faulty night between two clean ones, and what must come of it. */
export interface Case {
  readonly name: string
  readonly faults: readonly Fault[]
  /** What the faulty night's outcome of `users` is, unless another entity is named. */
  readonly verdict: Verdict
  readonly entity?: string
  readonly reason?: RegExp
  readonly exit: 0 | 1 | 3
  readonly changes?: NightChanges
  /** The rows were distorted and committed as they came: they need not equal the truth. */
  readonly isDistorted?: boolean
  /** A look at the night that only this case needs. */
  readonly also?: (report: RunReport, site: Site, before: Record<string, number>) => Promise<void> | void
}
