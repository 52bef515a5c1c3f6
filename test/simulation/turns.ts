import { setImmediate as afterMicrotasks } from 'node:timers/promises'
import type { Chance } from './chance.ts'

/**
 * Who goes next. Everything that actors do to the world waits for its turn, and each turn is given by chance when nothing
 * else moves: one seed is one order of events, over the plain engine and over DuckDB alike.
 */
export interface Turns {
  /** Waits until it is this actor's turn. */
  wait(actor: string): Promise<void>
  /** Work that takes real time: no turn is given meanwhile. */
  busy<T>(work: () => Promise<T>): Promise<T>
  /** Gives turns until nobody waits, or `enough` says so. How many were given. */
  run(enough?: () => boolean): Promise<number>
}

type Calls = Readonly<Record<string, unknown>>

/** The same functions, each of which takes real time: while one runs, no turn is given. So do those that they answer. */
export function paced<T extends object>(turns: Pick<Turns, 'busy'>, calls: T): T {
  const wrapped = Object.entries(calls as Calls).map(([name, call]) => {
    if (typeof call !== 'function') return [name, call]
    return [
      name,
      (...given: readonly unknown[]) =>
        turns.busy(async () => {
          const result: unknown = await call(...given)
          const isCalls = typeof result === 'object' && result !== null && 'apply' in result
          return isCalls ? paced(turns, result) : result
        }),
    ]
  })
  return Object.fromEntries(wrapped)
}

interface Waiting {
  readonly actor: string
  readonly go: () => void
}

/** How likely an actor stalls after a turn, and for how many turns at most: long enough for another to do all its work. */
const STALLS = 0.02
const LONGEST_STALL = 200

/** Opens the turns of a seed. `patience` is how likely the actor that went last goes on, which lets some run far ahead. */
export function openTurns(chance: Chance, patience: number): Turns {
  const waiting: Waiting[] = []
  let working = 0
  let last = ''
  let rest = (): void => undefined
  /** Until nothing else moves: waited for, since asking again and again would take a core from those who work. */
  const quiet = async (): Promise<void> => {
    await afterMicrotasks()
    while (working > 0) {
      await new Promise<void>((resolve) => {
        rest = resolve
      })
      await afterMicrotasks()
    }
  }
  /** Until which turn an actor is stalled: its network is slow, or its machine collects garbage. */
  const stalled = new Map<string, number>()
  let turn = 0
  const next = (): Waiting | undefined => {
    turn++
    const moving = waiting.filter(({ actor }) => (stalled.get(actor) ?? 0) <= turn)
    const able = moving.length > 0 ? moving : waiting
    const again = chance.flip(patience) ? able.find(({ actor }) => actor === last) : undefined
    const chosen = again ?? able[chance.below(able.length)]
    if (chosen === undefined) return undefined
    if (chance.flip(STALLS)) stalled.set(chosen.actor, turn + chance.below(LONGEST_STALL))
    waiting.splice(waiting.indexOf(chosen), 1)
    return chosen
  }
  return {
    wait: (actor) => new Promise((go) => void waiting.push({ actor, go })),
    busy: async (work) => {
      working++
      try {
        return await work()
      } finally {
        working--
        if (working === 0) rest()
      }
    },
    run: async (enough = () => false) => {
      let given = 0
      for (;;) {
        await quiet()
        if (waiting.length === 0 || enough()) return given
        const turn = next()
        last = turn?.actor ?? ''
        turn?.go()
        given++
      }
    },
  }
}
