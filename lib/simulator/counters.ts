/** Counts of what a simulated server saw. */
export type Counters = {
  add(name: string, by?: number): void
  /** A request begins; call what is returned when it ends. */
  begin(): () => void
  /** All counts: `requests`, one by each endpoint, `signIns`, `signOuts`, `unauthorized`, `maxConcurrent`, `bytes`, ... */
  all(): Record<string, number>
}

/** Counters at zero. */
export const countersOf = (): Counters => {
  const counts = new Map<string, number>()
  let running = 0
  let most = 0
  return {
    add: (name, by = 1) => {
      counts.set(name, (counts.get(name) ?? 0) + by)
    },
    begin: () => {
      running += 1
      most = Math.max(most, running)
      let ended = false
      return () => {
        if (!ended) running -= 1
        ended = true
      }
    },
    all: () => ({ ...Object.fromEntries(counts), maxConcurrent: most }),
  }
}
