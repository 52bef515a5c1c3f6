import fc from 'fast-check'
import { expect, test } from 'vitest'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import { addDays } from '../../lib/core/day.ts'
import type { RunReport } from '../../lib/core/report.ts'
import type { Verdict } from '../../lib/core/verdict.ts'
import { notify } from '../../lib/notify/notify.ts'
import { failure, type Inbox, inbox, inputOf, newsIn, outcome, portsOf, report } from './night.ts'

const ENTITIES = ['users', 'workbooks', 'jobs'] as const
const FAILURES = ['unreachable', 'sign-in-refused', null, null, null] as const
const VERDICTS: readonly Verdict[] = [
  'complete',
  'complete',
  'incomplete',
  'forbidden',
  'guarded',
  'unsupported',
]

/** One run of a night: how many days after the newest it is, what failed, what became of which entity, how often it is told. */
interface Run {
  readonly step: number
  readonly failed: (typeof FAILURES)[number]
  /** Null: not selected. */
  readonly verdicts: readonly (Verdict | null)[]
  readonly times: number
  readonly isUp: boolean
}

const run: fc.Arbitrary<Run> = fc.record({
  step: fc.constantFrom(0, 1, 1, 1, -1),
  failed: fc.constantFrom(...FAILURES),
  verdicts: fc.tuple(...ENTITIES.map(() => fc.option(fc.constantFrom(...VERDICTS), { freq: 4 }))),
  times: fc.constantFrom(1, 1, 2),
  isUp: fc.boolean(),
})

function reportOf({ failed, verdicts }: Run, dt: string): RunReport {
  const outcomes = ENTITIES.flatMap((name, i) => {
    const verdict = verdicts[i] ?? null
    if (verdict === null) return []
    if (failed !== null) return [outcome(name, { verdict: 'incomplete', reason: `${failed} happened` })]
    return [outcome(name, { verdict, reason: verdict === 'complete' ? null : 'so it is' })]
  })
  return report(dt, { outcomes, failure: failed === null ? null : failure(failed) })
}

/** Another way to say it: each subject has one state, and whoever speaks of it may change it. */
function oracle(runs: readonly (readonly [Run, string])[]): string[] {
  const states = new Map<string, string>()
  const told: string[] = []
  let newest = ''
  const says = (subject: string, kind: string | null): void => {
    const before = states.get(subject)
    if (kind === null && before !== undefined) {
      told.push(`recovered ${subject}:${before}`)
      states.delete(subject)
    } else if (kind !== null && kind !== before) {
      told.push(`opened ${subject}:${kind}`)
      states.set(subject, kind)
    }
  }
  const unproven = new Set<string>()
  for (const [{ failed, verdicts }, dt] of runs) {
    if (dt < newest) continue
    newest = dt
    const asked = ENTITIES.filter((_, i) => (verdicts[i] ?? null) !== null)
    // A failed run that names nothing may have been of everything.
    const meant = asked.length === 0 ? ENTITIES : asked
    for (const name of meant) failed === null ? unproven.delete(name) : unproven.add(name)
    // What a failed run was asked for must go through, be it in several runs.
    if (failed !== null || unproven.size === 0) says('run', failed)
    ENTITIES.forEach((name, i) => {
      const verdict = verdicts[i] ?? null
      if (failed === null && verdict !== null && verdict !== 'unsupported')
        says(name, verdict === 'complete' ? null : verdict)
    })
  }
  return told
}

function dated(runs: readonly Run[]): (readonly [Run, string])[] {
  let newest = '2026-06-01'
  return runs.map((each) => {
    const dt = addDays(newest, each.step)
    if (each.step > 0) newest = dt
    return [each, dt]
  })
}

/** Tells all runs, each as often as it says, at once; gives what arrived. */
async function tellAll(
  nights: readonly (readonly [Run, string])[],
  box: Inbox,
  statusOf: (each: Run) => number,
): Promise<string[]> {
  const store = memoryStore()
  for (const [each, dt] of nights) {
    box.status = statusOf(each)
    const input = inputOf(reportOf(each, dt), { entities: ENTITIES })
    await Promise.all(Array.from({ length: each.times }, () => notify(input, portsOf(store, box))))
  }
  box.status = 200
  // Once more, so that what is still owed arrives: a run that says nothing at all.
  await notify(inputOf(report('2026-01-01'), { entities: ENTITIES }), portsOf(store, box))
  return newsIn(box)
}

test('when deliveries work, every incident and every recovery is told exactly once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(run, { maxLength: 15 }), async (runs) => {
      const nights = dated(runs)
      expect((await tellAll(nights, inbox(), () => 200)).sort()).toEqual(oracle(nights).sort())
    }),
    { numRuns: 150 },
  )
})

test('when deliveries fail now and then, everything is told at last', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(run, { maxLength: 15 }), async (runs) => {
      const nights = dated(runs)
      // A 503 is no delivery; so that nothing is doubled either.
      expect((await tellAll(nights, inbox(), ({ isUp }) => (isUp ? 200 : 503))).sort()).toEqual(
        oracle(nights).sort(),
      )
    }),
    { numRuns: 150 },
  )
})

test('when answers get lost, everything is told at least once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(run, { maxLength: 12 }), async (runs) => {
      const nights = dated(runs)
      const store = memoryStore()
      const box = inbox()
      for (const [each, dt] of nights) {
        const ports = portsOf(store, box)
        // It arrives, and nobody learns of it.
        const post: typeof ports.post = async (url, body) => {
          await ports.post(url, body)
          return { status: each.isUp ? 200 : 504 }
        }
        await notify(inputOf(reportOf(each, dt), { entities: ENTITIES }), { ...ports, post })
      }
      expect([...new Set(newsIn(box))].sort()).toEqual([...new Set(oracle(nights))].sort())
    }),
    { numRuns: 80 },
  )
})
