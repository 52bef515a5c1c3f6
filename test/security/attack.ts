/** What became of an attack: how many vectors it had, and those that got through, each with what it did. */
export interface Attack {
  readonly tried: number
  readonly through: readonly string[]
}

/** Tries every vector; `flaw` says what one did that it must not, or undefined. */
export async function attack<V>(
  vectors: readonly V[],
  flaw: (vector: V) => Promise<string | undefined> | string | undefined,
): Promise<Attack> {
  const through: string[] = []
  for (const vector of vectors) {
    const found = await flaw(vector)
    if (found !== undefined) through.push(`${JSON.stringify(vector)}: ${found}`)
  }
  return { tried: vectors.length, through }
}
