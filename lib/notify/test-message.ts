import type { NotifyTarget } from '../config/configuration.ts'
import type { Day } from '../core/day.ts'
import type { Letter } from './letter.ts'
import { type SendPorts, send } from './send.ts'
import { distinct, targetName } from './target.ts'

const SEND_MS = 10_000

/** For which site a test message is sent, on which day and by which run. */
export interface TestSubject {
  readonly site: string
  readonly owner: string | undefined
  readonly dt: Day
  readonly run: string
}

function testLetter({ dt, run, ...subject }: TestSubject): Letter {
  const incident = {
    what: 'test:test',
    title: 'this is a test',
    detail: 'Nothing happened: somebody wanted to know whether messages of Almanac arrive here. They do.',
    doFirst: '',
    command: null,
    since: dt,
    run,
  }
  return { ...subject, dt, run, lastComplete: null, news: [{ id: 'test', kind: 'test', incident, dt, run }] }
}

/** Sends a test message to every target: why it was not taken, in words, or null. Never throws; nothing is written down. */
export function testMessages(
  targets: readonly NotifyTarget[],
  subject: TestSubject,
  ports: SendPorts,
): Promise<readonly { readonly target: string; readonly problem: string | null }[]> {
  return Promise.all(
    distinct(targets).map(async (target) => ({
      target: targetName(target),
      problem: await send(target, testLetter(subject), ports, SEND_MS),
    })),
  )
}
