import { allWithoutSecrets, withoutSecrets } from './redact.ts'

/** What a failure means for the caller: its exit code, whether the same call may work later, and what to do next. */
interface ErrorMeaning {
  readonly exit: 1 | 2 | 3
  readonly retryable: boolean
  readonly next: string
}

const meaning = (exit: 1 | 2 | 3, retryable: boolean, next: string): ErrorMeaning => ({
  exit,
  retryable,
  next,
})

/**
 * Every way Almanac can fail, as data. The exit codes are those of the command line:
 * 1 failed, 2 usage, 3 incomplete, guarded or forbidden data.
 */
export const ERRORS = {
  usage: meaning(2, false, 'Run the command with --help to see what it takes.'),
  'unknown-entity': meaning(2, false, 'Name one or more of the entities listed.'),
  'bad-date': meaning(2, false, 'Give a day as YYYY-MM-DD.'),
  'bad-configuration': meaning(2, false, 'Set what is missing and run the command again.'),
  'secret-missing': meaning(
    2,
    false,
    'Put the secret where the configuration says it is kept, or correct the reference.',
  ),
  'not-tableau': meaning(
    1,
    false,
    'Check the server’s address ("server" in the configuration, or TABLEAU_SERVER_URL): it must be that of Tableau itself, reachable without a login page before it.',
  ),
  unreachable: meaning(1, true, 'Check the address, the network and the proxy, then run the command again.'),
  'tls-failed': meaning(
    1,
    false,
    'Put the certificate authority that signed it into a PEM file and name that in "caFile" or TABLEAU_CA_FILE; checking is never switched off.',
  ),
  'proxy-refused': meaning(
    1,
    false,
    'Check the proxy’s address, user and password, and whether it may lead to this host; NO_PROXY names hosts to reach without it.',
  ),
  'insecure-address': meaning(2, false, 'Use https; plain http is taken for loopback addresses alone.'),
  'forbidden-address': meaning(
    2,
    false,
    'Link-local and metadata addresses are never a Tableau server; correct the address.',
  ),
  'sign-in-refused': meaning(
    1,
    false,
    'Check the token’s name and secret and the site; create a new token if it expired (15 days unused, or the site’s limit).',
  ),
  'session-lost': meaning(
    1,
    false,
    'Something else signs in with the same personal access token, which ends our session. Give Almanac a token of its own.',
  ),
  'lease-lost': meaning(
    1,
    true,
    'Another run took over this token. Let it finish, then run the command again.',
  ),
  'lease-busy': meaning(
    1,
    true,
    'Another run holds this token. Wait for it, or give this run a token of its own.',
  ),
  redirected: meaning(
    1,
    false,
    'Set the server’s address ("server" in the configuration, or TABLEAU_SERVER_URL) to the one that the server names; the session token is never sent to another host.',
  ),
  'malformed-response': meaning(
    1,
    true,
    'The answer was cut or is no valid Tableau XML. If it stays so, look at the proxy between here and Tableau.',
  ),
  'response-too-large': meaning(
    1,
    false,
    'Look at the proxy between here and Tableau: no page of Tableau is that large.',
  ),
  'rate-limited': meaning(
    1,
    true,
    'Tableau asked to slow down for longer than a run may wait. Lower the concurrency or run later.',
  ),
  'server-error': meaning(
    1,
    true,
    'Tableau kept failing. Check its status page, then run the command again.',
  ),
  'tableau-error': meaning(1, false, 'Look the code up in Tableau’s REST API reference.'),
  forbidden: meaning(3, false, 'Give the token’s user the site role that the entity needs.'),
  'unknown-site': meaning(
    1,
    false,
    'Check the site ("site" in the configuration, or TABLEAU_SITE_ID): it is the part of its address after /site/, empty for the default site.',
  ),
  incomplete: meaning(3, true, 'Nothing was changed; the last complete day stands. Run the same day again.'),
  'out-of-time': meaning(
    3,
    true,
    'Nothing was changed; the last complete day stands. Let more calls run at once ("concurrency"), or read this entity with "almanac nightly", which no limit of time ends.',
  ),
  'bad-row': meaning(
    1,
    false,
    'Tableau sent a value that its documentation does not allow; report it with the entity’s name and version.',
  ),
  'wrong-day': meaning(
    2,
    false,
    'Extraction reads the present only. Leave --date out, name the site’s time zone if that differs ("timeZone"), or say --backdate REASON to record it for another day.',
  ),
  'wrong-clock': meaning(
    1,
    true,
    'Set this machine’s clock, or run again where it waited or slept past the day: what is read now is of another day.',
  ),
  'site-mismatch': meaning(
    1,
    false,
    'This warehouse slug belongs to another site. Use another --site slug or another --warehouse.',
  ),
  'corrupt-object': meaning(
    1,
    false,
    'Run "almanac verify": it says whether the object is rebuilt by itself or how to restore it.',
  ),
  'not-published': meaning(
    3,
    true,
    'The answer lacks what these objects hold. Where a load is at work, ask again when it has ended; else publish them with "almanac load".',
  ),
  'store-conflict': meaning(1, true, 'Another writer kept winning. Run the command again.'),
  'store-failed': meaning(1, false, 'Check that the warehouse exists, may be written to and has free space.'),
  'store-locked': meaning(1, true, 'Another Almanac process holds the warehouse. Wait for it, or stop it.'),
  'not-found': meaning(2, false, 'Check the name; "almanac status" shows what the warehouse holds.'),
  'already-committed': meaning(
    2,
    false,
    'A committed day is closed. To correct it, load with --replace and the SHA-256 it has now.',
  ),
  'stale-correction': meaning(
    1,
    false,
    'The day was changed meanwhile. Look at "almanac status", then correct the version it has now.',
  ),
  'bad-sql': meaning(2, false, 'Correct the statement.'),
  'sql-not-read-only': meaning(
    2,
    false,
    'Only SELECT statements over the published tables run here; open the file that "query --duckdb FILE" writes for anything else.',
  ),
  'out-of-order': meaning(
    3,
    false,
    'The day’s observation lies outside its neighbours’; it cannot be part of the history.',
  ),
  guarded: meaning(
    3,
    false,
    'Nothing was changed. Look at the reading that would be held; where it is right, name it with --with.',
  ),
  internal: meaning(1, false, 'This is a defect in Almanac; report it with the whole message.'),
} as const satisfies Record<string, ErrorMeaning>

/** The closed set of error codes. */
export type ErrorCode = keyof typeof ERRORS

/** Whether a text is one of the codes. */
export const isErrorCode = (text: string): text is ErrorCode => Object.hasOwn(ERRORS, text)

/** What an error may carry besides its message: the error beneath it, and facts for machines. Never a secret. */
export interface ErrorContext {
  readonly cause?: unknown
  readonly next?: string
  /** Tableau's own error code (six digits), when Tableau said one. */
  readonly tableauCode?: string
  readonly details?: Readonly<Record<string, string | number>>
}

/** An error beneath ours as it may be kept: as it is, or its message alone when it holds a secret. */
function cleanCause(cause: unknown): unknown {
  if (!(cause instanceof Error)) return allWithoutSecrets(cause)
  const { message, stack = '' } = cause
  return withoutSecrets(message) === message && withoutSecrets(stack) === stack
    ? cause
    : new Error(withoutSecrets(message))
}

/**
 * The one error class. The message names subject, place and value; `next` says what to do;
 * the code decides the exit code and whether a retry makes sense. Secrets that a server repeats are hidden here, in all
 * of it, since every message, report and notification is made of errors.
 */
export class AlmanacError extends Error {
  readonly code: ErrorCode
  readonly exit: 1 | 2 | 3
  readonly retryable: boolean
  readonly next: string
  readonly tableauCode: string | undefined
  readonly details: Readonly<Record<string, string | number>>

  constructor(code: ErrorCode, message: string, context: ErrorContext = {}) {
    super(
      withoutSecrets(message),
      context.cause === undefined ? undefined : { cause: cleanCause(context.cause) },
    )
    const { exit, retryable, next } = ERRORS[code]
    this.name = 'AlmanacError'
    this.code = code
    this.exit = exit
    this.retryable = retryable
    this.next = withoutSecrets(context.next ?? next)
    this.tableauCode = allWithoutSecrets(context.tableauCode)
    this.details = allWithoutSecrets(context.details ?? {})
  }
}

/** What somebody said by throwing. */
export const saidBy = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown))

/** Any thrown value as an AlmanacError: itself when it is one, else a defect of ours with the thrown value as its cause. */
export function asAlmanacError(thrown: unknown): AlmanacError {
  if (thrown instanceof AlmanacError) return thrown
  return new AlmanacError('internal', saidBy(thrown), { cause: thrown })
}

/** Whether a thrown value is an AlmanacError of one of these codes. */
export function isError<C extends ErrorCode>(
  thrown: unknown,
  ...codes: readonly C[]
): thrown is AlmanacError & { readonly code: C } {
  return thrown instanceof AlmanacError && codes.some((code) => code === thrown.code)
}
