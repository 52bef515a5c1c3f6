import type { RunEvent } from '../core/event.ts'
import type { Paint } from './paint.ts'

/** How far an entity is. Times in monotonic milliseconds. */
interface EntityProgress {
  readonly state: 'waiting' | 'reading' | 'loading' | 'ended'
  readonly rows: number
  readonly total: number | null
  readonly pages: number
  readonly startedAt: number
  readonly verdict: string
}

/** How far a run is, by entity. */
export type Progress = ReadonlyMap<string, EntityProgress>

const WAITING: EntityProgress = {
  state: 'waiting',
  rows: 0,
  total: null,
  pages: 0,
  startedAt: 0,
  verdict: '',
}

/** A run before anything happened. */
export const progressOf = (): Progress => new Map()

function changeOf(event: RunEvent, now: number): readonly [string, Partial<EntityProgress>] | undefined {
  switch (event.type) {
    case 'entity-started':
      return [event.entity, { state: 'reading', startedAt: now }]
    case 'page-read':
      return [event.entity, { rows: event.rows, total: event.total, pages: event.pages }]
    case 'extracted':
      return [event.entity, { state: 'loading', rows: event.rows }]
    case 'entity-ended':
      return [event.outcome.entity, { state: 'ended', verdict: event.outcome.verdict }]
    default:
      return undefined
  }
}

/** The progress after an event. */
export function noted(progress: Progress, event: RunEvent, now: number): Progress {
  if (event.type === 'run-started') return new Map(event.entities.map((entity) => [entity, WAITING]))
  const change = changeOf(event, now)
  if (change === undefined) return progress
  const [entity, facts] = change
  return new Map(progress).set(entity, { ...(progress.get(entity) ?? WAITING), ...facts })
}

const BAR = 20

function bar(rows: number, total: number): string {
  const full = Math.min(BAR, Math.round((rows / Math.max(total, 1)) * BAR))
  return '█'.repeat(full) + '░'.repeat(BAR - full)
}

const count = (value: number): string => value.toLocaleString('en')

const clock = (seconds: number): string =>
  `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`

/** Pages and rows so far, rows a second, and the time left where the total is known. */
function reading({ rows, total, pages, startedAt }: EntityProgress, now: number): string {
  const rate = rows / Math.max((now - startedAt) / 1000, 0.001)
  const parts = [`${count(pages)} ${pages === 1 ? 'page' : 'pages'}`]
  if (total === null) parts.push(`${count(rows)} rows`)
  else parts.push(`${count(rows)} of ${count(total)} rows`)
  parts.push(`${count(Math.round(rate))}/s`)
  if (total !== null && rate > 0 && rows < total) parts.push(`${clock((total - rows) / rate)} left`)
  return `${total === null ? ' '.repeat(BAR) : bar(rows, total)} ${parts.join(', ')}`
}

function line(entity: string, progress: EntityProgress, now: number, colour: Paint): string {
  const { state, rows, verdict } = progress
  if (state === 'waiting') return colour.dim(`  ${entity}`)
  if (state === 'reading') return `  ${entity} ${reading(progress, now)}`
  if (state === 'loading') return `  ${entity} ${count(rows)} rows, committing`
  const mark = verdict === 'complete' ? colour.good('✓') : colour.warn('!')
  return `${mark} ${entity} ${verdict === 'complete' ? `${count(rows)} rows` : verdict}`
}

/** A line for each entity of the run, names padded to one width. */
export function progressLines(progress: Progress, now: number, colour: Paint): readonly string[] {
  const width = Math.max(0, ...[...progress.keys()].map((entity) => entity.length))
  return [...progress].map(([entity, each]) => line(entity.padEnd(width), each, now, colour))
}
