/** What some work cost: wall seconds, CPU seconds of the whole process (all threads, garbage collection too). */
export interface Cost {
  readonly wall: number
  readonly cpu: number
}

/** Adds up what pieces of work cost, whatever happens between them. */
export interface Meter {
  run<T>(work: () => T | Promise<T>): Promise<T>
  cost(): Cost
}

/** A meter at zero. */
export function meter(): Meter {
  let wall = 0
  let cpu = 0
  return {
    run: async (work) => {
      const [began, before] = [performance.now(), process.cpuUsage()]
      const value = await work()
      const { user, system } = process.cpuUsage(before)
      wall += (performance.now() - began) / 1000
      cpu += (user + system) / 1e6
      return value
    },
    cost: () => ({ wall, cpu }),
  }
}

/** What one piece of work gave and cost. */
export async function measured<T>(work: () => T | Promise<T>): Promise<Cost & { readonly value: T }> {
  const one = meter()
  const value = await one.run(work)
  return { ...one.cost(), value }
}

/** Says on stderr how far a long benchmark is. */
export const progress = (text: string): void => void process.stderr.write(`  ${text}\n`)
