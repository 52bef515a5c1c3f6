import * as z from 'zod'
import { sessionOf } from '../../lib/connection/connection.ts'
import { sessionPorts } from '../../lib/lambda/session.ts'
import { RUN_EVENT, STARTED_AT, step } from '../../lib/lambda/step.ts'
import { closeSession } from '../../lib/session/close.ts'
import { openSession } from '../../lib/session/open.ts'
import { renewSession } from '../../lib/session/renew.ts'
import { RUN_TIMEOUT_MS, readUntil } from '../../lib/steps/limits.ts'
import { checkName } from '../../lib/steps/start.ts'

/** What was seen when the session was asked for before. */
const SEEN = z.object({ verdict: z.literal('busy'), etag: z.string(), since: z.number() })

const EVENT = z.discriminatedUnion('action', [
  RUN_EVENT.extend({
    action: z.literal('open'),
    startedAt: STARTED_AT,
    opening: SEEN.or(z.object({ verdict: z.literal('none') })),
  }),
  RUN_EVENT.extend({ action: z.literal('renew'), generation: z.number().int().min(0) }),
  RUN_EVENT.extend({ action: z.literal('close') }),
])

/** Opens, renews and closes the one session of a run: nothing else of the pipeline reads the token’s secret. */
export const handler = step('session', EVENT, async (event, ground) => {
  const ports = await sessionPorts(ground)
  const { run } = event
  const { slug, timeZone } = ground.site
  const session = await sessionOf(ground.site)
  if (event.action === 'close') return closeSession({ session, run }, ports)
  if (event.action === 'renew')
    return { generation: await renewSession({ session, run, generation: event.generation }, ports) }
  checkName({ site: slug, ...event })
  const seen = event.opening.verdict === 'busy' ? event.opening : undefined
  const until = readUntil(event.startedAt)
  return openSession(
    // The day is that of the schedule, which a late or a repeated run may have left behind.
    {
      session,
      run,
      dt: event.dt,
      site: slug,
      timeZone,
      backdate: null,
      isDayNamed: false,
      period: RUN_TIMEOUT_MS,
      until,
      seen,
    },
    ports,
  )
})
