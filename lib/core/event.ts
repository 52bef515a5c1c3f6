import type { Verdict } from './verdict.ts'

/** What one entity's night came to, as the report shows it. Times in milliseconds. */
export interface EntityOutcome {
  readonly entity: string
  readonly verdict: Verdict
  /** `totalAvailable` as announced; null where the endpoint announces none. */
  readonly expected: number | null
  readonly fetched: number | null
  readonly duplicates: number
  readonly new: number | null
  readonly changed: number | null
  readonly gone: number | null
  readonly calls: number
  readonly retries: number
  readonly milliseconds: number
  /** SHA-256 of the candidate, when there is one. */
  readonly candidate: string | null
  /** Whether what is committed is an earlier run's: its reading, and its counts of rows. */
  readonly already: boolean
  /** Why the verdict is not `complete`, and what to do; null when it is. */
  readonly reason: string | null
}

/** What happens in a run, in one stream: progress, logs and metrics are readers of it. Never holds a secret. */
export type RunEvent =
  | {
      readonly type: 'run-started'
      readonly site: string
      readonly dt: string
      readonly run: string
      readonly entities: readonly string[]
    }
  | { readonly type: 'waiting'; readonly what: string }
  | {
      readonly type: 'signed-in'
      readonly server: string
      /** The site as Tableau's addresses name it; the empty text is the default site. Everywhere else a site is its slug. */
      readonly contentUrl: string
      readonly apiVersion: string
      readonly siteRole: string
    }
  | { readonly type: 'entity-started'; readonly entity: string }
  | {
      readonly type: 'page-read'
      readonly entity: string
      readonly rows: number
      readonly total: number | null
      readonly pages: number
    }
  | {
      readonly type: 'retried'
      readonly path: string
      readonly attempt: number
      readonly waitMs: number
      readonly reason: string
    }
  | { readonly type: 'renewed'; readonly reason: string }
  | { readonly type: 'read-again'; readonly entity: string; readonly pass: number; readonly reason: string }
  | {
      readonly type: 'extracted'
      readonly entity: string
      readonly rows: number
      readonly milliseconds: number
    }
  | { readonly type: 'published'; readonly entity: string; readonly objects: number }
  | { readonly type: 'entity-ended'; readonly outcome: EntityOutcome }
  | { readonly type: 'warned'; readonly entity: string | null; readonly message: string }
  | {
      readonly type: 'run-ended'
      readonly site: string
      readonly dt: string
      readonly run: string
      readonly milliseconds: number
    }

/** Where a use case says what happens. Must not throw. */
export type Emit = (event: RunEvent) => void
