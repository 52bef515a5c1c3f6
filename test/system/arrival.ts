import fc from 'fast-check'

/** Lands in an order, with a load after some of the landings and one at the end. */
export async function arrive(
  order: readonly number[],
  loads: readonly boolean[],
  landOne: (which: number) => Promise<unknown>,
  loadOnce: () => Promise<unknown>,
): Promise<void> {
  for (const [i, which] of order.entries()) {
    await landOne(which)
    if (loads[i] === true) await loadOnce()
  }
  await loadOnce()
}

/** An order of so many things, and after which of them a load runs. */
export const orderOf = (length: number) =>
  fc.tuple(
    fc.shuffledSubarray(
      Array.from({ length }, (_, i) => i),
      { minLength: length },
    ),
    fc.array(fc.boolean(), { minLength: length, maxLength: length }),
  )
