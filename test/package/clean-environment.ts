/** This process's environment without what npm and vitest put there, and without any configured site. */
export function cleanEnvironment(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  const kept = Object.entries(process.env).flatMap(([name, value]) =>
    value === undefined || /^(npm_|TABLEAU_|VITEST|NODE_ENV$|NODE_OPTIONS$|FORCE_COLOR$)/i.test(name)
      ? []
      : [[name, value] as const],
  )
  return { ...Object.fromEntries(kept), NO_COLOR: '1', ...more }
}
