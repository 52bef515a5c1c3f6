import type { Call } from './call.ts'
import { type Fault, readFaults } from './faults.ts'

/** What can be done to a running simulator from outside. */
export type Controls = {
  day(): string
  setDay(day: string): void
  setFaults(faults: readonly Fault[]): void
  counters(): Record<string, number>
}

/** An answer of the control interface: JSON. */
export type ControlAnswer = { status: number; body: string }

const json = (status: number, value: unknown): ControlAnswer => ({
  status,
  body: `${JSON.stringify(value)}\n`,
})

const setDay = (controls: Controls, body: unknown): void => {
  const day = typeof body === 'object' && body !== null && 'day' in body ? body.day : undefined
  if (typeof day !== 'string') throw new TypeError('simulator: write {"day":"YYYY-MM-DD"}')
  controls.setDay(day)
}

const act = (call: Call, controls: Controls): ControlAnswer | undefined => {
  const request = `${call.method} ${call.path.join('/')}`
  if (request === 'GET control/counters') return json(200, controls.counters())
  if (request === 'POST control/day') {
    setDay(controls, JSON.parse(call.body))
    return json(200, { day: controls.day() })
  }
  if (request !== 'POST control/faults') return undefined
  const faults = readFaults(JSON.parse(call.body))
  controls.setFaults(faults)
  return json(200, { faults: faults.length })
}

/**
 * Answers `POST /control/faults` (a list of faults; an empty one clears), `POST /control/day` and
 * `GET /control/counters`: 400 with the reason for what cannot be read, 404 for anything else.
 */
export const controlAnswer = (call: Call, controls: Controls): ControlAnswer => {
  try {
    return act(call, controls) ?? json(404, { error: `no control '${call.method} /${call.path.join('/')}'` })
  } catch (cause) {
    return json(400, { error: cause instanceof Error ? cause.message : String(cause) })
  }
}
