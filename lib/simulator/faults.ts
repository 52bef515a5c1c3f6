/** Which requests a fault applies to; what is left out matches all. */
export type FaultMatch = {
  /**
   * Name of an endpoint, as the counters name it: `serverInfo`, `signIn`, `signOut`, `switchSite`, `session`, `sites`,
   * `site`, `users`, `user`, `userGroups`, `userPats`, `userWorkbooks`, `groups`, `groupUsers`, `projects`, `workbooks`, `workbook`,
   * `workbookViews`, `views`, `view`, `datasources`, `datasource`, `jobs`, `job`.
   */
  endpoint?: string
  /** Only this page, from 1. */
  page?: number
  /** Only the nth matching request, from 1. */
  nth?: number
  /** At most so many times. */
  times?: number
}

/** What goes wrong. Faults change what is sent, never what is true. */
export type Misbehaviour =
  /** Any status; `retryAfter` goes out as it is (seconds or an HTTP date); `html` answers like a proxy. */
  | { kind: 'status'; status: number; code?: string; retryAfter?: string | number; html?: boolean }
  /** 403004, as for a role too low. */
  | { kind: 'forbidden' }
  /** 200 with a login page. */
  | { kind: 'html' }
  /** 200 with JSON. */
  | { kind: 'json' }
  /** 200 with nothing. */
  | { kind: 'emptyBody' }
  /** A redirection; status 302 unless said. */
  | { kind: 'redirect'; to: string; status?: number }
  /** The page comes without its last `rows` rows (default all); `totalAvailable` stays. */
  | { kind: 'losePage'; rows?: number }
  /** The page's first row is the last of the page before: in place of its own, or before it with `insert`. */
  | { kind: 'duplicateRow'; insert?: boolean }
  /** Only this fraction of the list is there, `totalAvailable` agrees. */
  | { kind: 'shrink'; fraction: number }
  /** A list without rows, `totalAvailable` 0. */
  | { kind: 'emptyList' }
  /** `totalAvailable` is off by this. */
  | { kind: 'lieTotal'; by: number }
  /** After page `after` (default 1) so many rows have come in front of the list (or gone from it, if negative). */
  | { kind: 'drift'; rows: number; after?: number }
  /** Announces `by` rows more (default 100) than come; pages beyond the real end answer 400006. */
  | { kind: 'beyondEnd400006'; by?: number }
  /** All sessions end: 401002 until the next sign-in. */
  | { kind: 'endSession' }
  /** All sessions expire: 401000 until the next sign-in. */
  | { kind: 'expire401000' }
  /** The XML is cut at this fraction (default 0.5); length and status are right. */
  | { kind: 'truncate'; at?: number }
  /** The same, of the compressed bytes. */
  | { kind: 'truncateGzip'; at?: number }
  | { kind: 'wrongRoot' }
  | { kind: 'doctype' }
  | { kind: 'secondRoot' }
  /** The list's element is absent, `pagination` stays. */
  | { kind: 'missingListElement' }
  /** Headers never come, or the body (default) never ends. */
  | { kind: 'stall'; where?: 'headers' | 'body' }
  /** The connection is reset before the headers, or (default) in the middle of the body. */
  | { kind: 'reset'; where?: 'headers' | 'body' }
  /** The answer waits, then comes in pieces with the same wait between them (default 1 piece). */
  | { kind: 'slow'; delayMs: number; pieces?: number }
  /** Brotli, asked for or not. */
  | { kind: 'brotli' }
  /** A small gzip body that unpacks to so many megabytes (default 256). */
  | { kind: 'gzipBomb'; megabytes?: number }
  /** Every row has an attribute that nobody knows. */
  | { kind: 'unknownAttribute'; name?: string; value?: string }
  /** The page's first row has no id. */
  | { kind: 'missingId' }
  /** The page's first row has an impossible date (default: createdAt 2016-06-31). */
  | { kind: 'badDate'; attribute?: string; value?: string }
  /** An attribute vanishes from all rows. */
  | { kind: 'nullColumn'; attribute: string }

/** A fault as data: what goes wrong, and for which requests. */
export type Fault = Misbehaviour & { match?: FaultMatch }

const kinds: Readonly<Record<Misbehaviour['kind'], readonly string[]>> = {
  status: ['status'],
  forbidden: [],
  html: [],
  json: [],
  emptyBody: [],
  redirect: ['to'],
  losePage: [],
  duplicateRow: [],
  shrink: ['fraction'],
  emptyList: [],
  lieTotal: ['by'],
  drift: ['rows'],
  beyondEnd400006: [],
  endSession: [],
  expire401000: [],
  truncate: [],
  truncateGzip: [],
  wrongRoot: [],
  doctype: [],
  secondRoot: [],
  missingListElement: [],
  stall: [],
  reset: [],
  slow: ['delayMs'],
  brotli: [],
  gzipBomb: [],
  unknownAttribute: [],
  missingId: [],
  badDate: [],
  nullColumn: ['attribute'],
}

/** The names of all kinds of fault. */
export const faultKinds: readonly string[] = Object.keys(kinds)

const isFault = (value: unknown): value is Fault => {
  if (typeof value !== 'object' || value === null || !('kind' in value) || typeof value.kind !== 'string')
    return false
  const needed = Object.entries(kinds).find(([kind]) => kind === value.kind)?.[1]
  return needed?.every((name) => Object.hasOwn(value, name)) === true
}

/** Faults read from data; throws TypeError that names the first one that is none. */
export const readFaults = (data: unknown): readonly Fault[] => {
  if (!Array.isArray(data)) throw new TypeError('simulator: faults must be a list')
  return data.map((one: unknown) => {
    if (isFault(one)) return one
    throw new TypeError(`simulator: not a fault: ${JSON.stringify(one)}; kinds are ${faultKinds.join(', ')}`)
  })
}

/** The faults in force. */
export type Faults = {
  /** Puts these in force instead of the ones before; throws TypeError for what is no fault. */
  set(faults: readonly Fault[]): void
  clear(): void
  /** Those that apply to a request, which is counted against `nth` and `times`. */
  take(endpoint: string, page: number): readonly Misbehaviour[]
}

/** No faults in force yet. */
export const faultsOf = (): Faults => {
  let inForce: { fault: Fault; seen: number; applied: number }[] = []
  return {
    set: (faults) => {
      inForce = readFaults(faults).map((fault) => ({ fault, seen: 0, applied: 0 }))
    },
    clear: () => {
      inForce = []
    },
    take: (endpoint, page) =>
      inForce.flatMap((one) => {
        const { match = {} } = one.fault
        if (match.endpoint !== undefined && match.endpoint !== endpoint) return []
        if (match.page !== undefined && match.page !== page) return []
        one.seen += 1
        if (match.nth !== undefined && match.nth !== one.seen) return []
        if (match.times !== undefined && one.applied >= match.times) return []
        one.applied += 1
        return [one.fault]
      }),
  }
}

/** The first active fault of a kind. */
export const activeFault = <K extends Misbehaviour['kind']>(
  active: readonly Misbehaviour[],
  kind: K,
): Extract<Misbehaviour, { kind: K }> | undefined =>
  active.find((fault): fault is Extract<Misbehaviour, { kind: K }> => fault.kind === kind)
