import { activeFault, type Misbehaviour } from './faults.ts'
import { errorXml } from './xml.ts'

/** An answer before it is compressed and sent. */
export type Answer = { status: number; body: string; headers: Readonly<Record<string, string>> }

const XML = { 'content-type': 'application/xml;charset=utf-8' }
const HTML = { 'content-type': 'text/html;charset=utf-8' }

/** An answer of XML. */
export const xmlAnswer = (status: number, body: string): Answer => ({ status, body, headers: XML })

const loginPage =
  '<!DOCTYPE html><html><head><title>Tableau Server</title></head><body><form action="/signin"><input name="user"></form></body></html>'
const busyPage =
  '<html><head><title>503 Service Temporarily Unavailable</title></head><body><hr>proxy</body></html>'

type StatusFault = Extract<Misbehaviour, { kind: 'status' }>

const statusAnswer = (fault: StatusFault, wrap: (content: string) => string): Answer => {
  const retry: Answer['headers'] =
    fault.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) }
  const code = fault.code ?? `${fault.status}000`
  const body =
    fault.html === true ? busyPage : wrap(errorXml(code, 'Simulated fault', `Status ${fault.status}`))
  return { status: fault.status, body, headers: { ...(fault.html === true ? HTML : XML), ...retry } }
}

/** The answer of a fault that answers in the place of Tableau: nothing is looked at, nobody is signed in. */
export const answerInstead = (
  active: readonly Misbehaviour[],
  wrap: (content: string) => string,
): Answer | undefined => {
  for (const fault of active) {
    switch (fault.kind) {
      case 'status':
        return statusAnswer(fault, wrap)
      case 'forbidden':
        return xmlAnswer(
          403,
          wrap(errorXml('403004', 'Forbidden', 'You do not have permission to read this resource.')),
        )
      case 'html':
        return { status: 200, body: loginPage, headers: HTML }
      case 'json':
        return {
          status: 200,
          body: '{"pagination":{"totalAvailable":"0"}}',
          headers: { 'content-type': 'application/json' },
        }
      case 'emptyBody':
        return { status: 200, body: '', headers: XML }
      case 'redirect':
        return { status: fault.status ?? 302, body: '', headers: { location: fault.to } }
      default:
    }
  }
  return undefined
}

const ROOT = 'tsResponse'
const lists = 'users|groups|projects|workbooks|views|datasources|backgroundJobs|sites'

const distort = (body: string, fault: Misbehaviour): string => {
  switch (fault.kind) {
    case 'wrongRoot':
      return body.replaceAll(ROOT, 'otherResponse')
    case 'doctype':
      return body.replace('?>', '?><!DOCTYPE tsResponse [<!ENTITY more "more">]>')
    case 'secondRoot':
      return `${body}<${ROOT}/>`
    case 'missingListElement':
      return body.replace(new RegExp(`<(${lists})>.*</\\1>|<(?:${lists})/>`), '')
    default:
      return body
  }
}

/**
 * The bytes of an answer as the active faults let them appear, before compression.
 * `truncate` cuts bytes, so it is applied last and may cut a character in two.
 */
export const bodyBytes = (answer: Answer, active: readonly Misbehaviour[]): Buffer => {
  const cut = activeFault(active, 'truncate')
  const bytes = Buffer.from(active.reduce(distort, answer.body))
  return cut === undefined ? bytes : bytes.subarray(0, Math.floor(bytes.length * (cut.at ?? 0.5)))
}
