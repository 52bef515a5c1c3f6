import type { RunEvent } from '../core/event.ts'
import type { Paint } from './paint.ts'
import { shown } from './width.ts'

/** An event as a readable line; undefined for what the live lines and the report tell. */
export function logText(event: RunEvent, colour: Paint): string | undefined {
  switch (event.type) {
    case 'run-started':
      return `run ${event.run}: ${event.site}, ${event.dt}`
    case 'waiting':
      return colour.warn(`waiting: ${shown(event.what)}`)
    case 'signed-in':
      return `signed in to ${event.site === '' ? 'the default site' : shown(event.site)} on ${event.server} (REST API ${event.apiVersion}, ${shown(event.siteRole)})`
    case 'retried':
      return colour.warn(
        `try ${event.attempt} of ${event.path} in ${event.waitMs} ms: ${shown(event.reason)}`,
      )
    case 'renewed':
      return colour.warn(`signed in again: ${shown(event.reason)}`)
    case 'read-again':
      return colour.warn(`${event.entity}: read again (pass ${event.pass}): ${shown(event.reason)}`)
    case 'warned':
      return colour.warn(`${event.entity === null ? '' : `${event.entity}: `}${shown(event.message)}`)
    default:
      return undefined
  }
}
