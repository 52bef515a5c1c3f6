import { randomBytes } from 'node:crypto'

/** A run's name: its start in UTC, and 6 random hex digits. */
export const newRun = (now: number): string =>
  `${new Date(now).toISOString().replace(/[-:]|\.\d+/g, '')}-${randomBytes(3).toString('hex')}`

/** An attempt's name: 8 hex digits. */
export const newAttempt = (): string => randomBytes(4).toString('hex')
