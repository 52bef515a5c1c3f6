/** Compares API versions number by number: 3.10 is above 3.9. Negative, 0 or positive. */
export const compareVersions = (left: string, right: string): number => {
  const [a = 0, b = 0] = left.split('.').map(Number)
  const [c = 0, d = 0] = right.split('.').map(Number)
  return a === c ? b - d : a - c
}

/** Whether a path part looks like an API version. */
export const isVersion = (text: string): boolean => /^\d{1,4}\.\d{1,4}$/.test(text)
