/**
 * Compares REST API versions number by number: `3.10` is newer than `3.9`.
 * Negative when `a` is older, 0 when equal, positive when newer.
 */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number))
  for (let i = 0; i < 2; i++) {
    const difference = (left?.[i] ?? 0) - (right?.[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

/** Whether a text is a REST API version such as `3.29`. */
export const isVersion = (text: string): boolean => /^\d+\.\d+$/.test(text)
