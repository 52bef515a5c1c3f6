import { vi } from 'vitest'

/** A line that a function writes: a log line, or a figure. */
export type Line = Readonly<Record<string, unknown>>

/** The lines of ours in what functions wrote; AWS’s own and the engine’s are no JSON. */
export function linesOf(text: string): readonly Line[] {
  return text.split('\n').flatMap((line) => {
    if (!line.startsWith('{')) return []
    try {
      return [JSON.parse(line)]
    } catch {
      // Two processes that write at once may tear a line.
      return []
    }
  })
}

/** Every value of a figure in lines: one that was counted more than once in an invocation has several in a line. */
export const valuesOf = (lines: readonly Line[], name: string): readonly unknown[] =>
  lines.filter((line) => '_aws' in line && name in line).flatMap((line) => line[name])

/** Catches what is written from now on, as a deployed function writes it. The test restores stubs and mocks. */
export function catchLines(): () => readonly Line[] {
  vi.stubEnv('POWERTOOLS_SERVICE_NAME', 'almanac-prod')
  vi.stubEnv('POWERTOOLS_DEV', 'false')
  const written: string[] = []
  for (const stream of [process.stdout, process.stderr])
    vi.spyOn(stream, 'write').mockImplementation((line) => written.push(String(line)) > 0)
  return () => linesOf(written.join(''))
}
