/** How many objects are in memory at once: each is read whole, and a warehouse of years has thousands. */
const AT_ONCE = 16

/** Does the work for each, a few at once. Throws what the first that fails throws. */
export async function fewAtOnce<T>(all: readonly T[], work: (each: T) => Promise<unknown>): Promise<void> {
  for (let at = 0; at < all.length; at += AT_ONCE) await Promise.all(all.slice(at, at + AT_ONCE).map(work))
}
