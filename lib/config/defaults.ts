/** What a phase may take unless said otherwise, in seconds: what the client itself takes. */
export const TIMEOUTS = { connect: 10, headers: 30, idle: 30, whole: 120 } as const

/** Calls in flight at most, unless said otherwise. */
export const CONCURRENCY = 8

/** The folder of the warehouse, unless said otherwise. */
export const WAREHOUSE = './warehouse'

/** The zone whose days a night belongs to, unless said otherwise. */
export const TIME_ZONE = 'UTC'

/** The claim that holds the user’s name in a unified access token, unless said otherwise. */
export const USER_CLAIM = 'email'

/** What an environment on AWS has unless said otherwise. */
export const AWS = {
  at: '04:30',
  extractorsAtOnce: 4,
  sessionReserved: false,
  retention: { landingDays: 14, noncurrentDays: 30, coldAfterDays: 30, logDays: 90 },
  alarms: { snapshotAgeHours: 30, monthlyBudgetUsd: 50 },
} as const
