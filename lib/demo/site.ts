import type { Day } from '../core/day.ts'

/** The simulated site of the demo: the same for everybody, night after night. */
export const DEMO_SITE = {
  slug: 'demo',
  seed: 7,
  size: 'small',
  firstDay: '2026-10-03' satisfies Day,
  /** Nights that one start goes through. */
  nights: 30,
} as const
