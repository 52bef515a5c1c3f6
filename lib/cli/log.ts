import type { RunEvent } from '../core/event.ts'
import type { Paint } from './paint.ts'
import { shown } from './width.ts'

/** An event as a readable line; undefined for what the live lines and the report tell. */
export function logText(event: RunEvent, colour: Paint): string | undefined {
  const text = wordsOf(event)
  if (text === undefined) return undefined
  const isPlain = event.type === 'run-started' || event.type === 'signed-in'
  return isPlain ? shown(text) : colour.warn(shown(text))
}

function wordsOf(event: RunEvent): string | undefined {
  switch (event.type) {
    case 'run-started':
      return `run ${event.run}: ${event.site}, ${event.dt}`
    case 'waiting':
      return `waiting: ${event.what}`
    case 'signed-in':
      return `signed in to ${event.contentUrl === '' ? 'the default site' : event.contentUrl} on ${event.server} (REST API ${event.apiVersion}, ${event.siteRole})`
    case 'retried':
      return `try ${event.attempt} of ${event.path} in ${event.waitMs} ms: ${event.reason}`
    case 'renewed':
      return `signed in again: ${event.reason}`
    case 'read-again':
      return `${event.entity}: read again (pass ${event.pass}): ${event.reason}`
    case 'warned':
      return `${event.entity === null ? '' : `${event.entity}: `}${event.message}`
    default:
      return undefined
  }
}
