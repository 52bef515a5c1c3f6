import type { Entity } from '../core/entity.ts'
import { type AlmanacError, isError } from '../core/errors.ts'
import { compareVersions } from '../core/version.ts'
import { parseAddress } from '../network/address.ts'
import type { Way } from '../network/way.ts'
import { newTally, openCalls, type Send } from '../tableau/calls.ts'
import { NEWEST_TESTED, readServerInfo } from '../tableau/sign-in.ts'
import { openTransport, TIMEOUTS } from '../tableau/transport.ts'
import { fail, ok, type Step, warn } from './check.ts'
import { limited } from './limit.ts'
import { type DoctorPorts, type DoctorSubject, entitiesOn } from './subject.ts'

/** How long the question for the versions may take, repeats included, in ms. */
const LIMIT = 30_000

/** What the server says of itself: the REST API version it speaks ('' when it does not say), and its product’s. */
export interface FoundServer {
  readonly spoken: string
  readonly product: string
  /** Why it is too old to sign in to, if so. */
  readonly tooOld: AlmanacError | undefined
}

/** Keeps the version as the server says it; a client speaks no newer one than it was tested with. */
function listening(send: Send): { readonly send: Send; readonly heard: () => string } {
  let heard = ''
  return {
    heard: () => heard,
    send: async (...call) => {
      const reply = await send(...call)
      heard = String(reply.answer.items[0]?.['restApiVersion/text()'] ?? '').trim()
      return reply
    },
  }
}

async function askVersions({ site }: DoctorSubject, send: Send, signal: AbortSignal): Promise<FoundServer> {
  const { send: asking, heard } = listening(send)
  try {
    const { productVersion } = await readServerInfo(asking, newTally(), signal, site.signIn.kind)
    return { spoken: heard(), product: productVersion, tooOld: undefined }
  } catch (thrown) {
    if (!isError(thrown, 'sign-in-refused')) throw thrown
    return { spoken: heard(), product: 'unknown', tooOld: thrown }
  }
}

/** Whether what answers there is Tableau: asked for its versions, which needs no sign-in. */
export async function server(
  subject: DoctorSubject,
  way: Way,
  ports: DoctorPorts,
): Promise<Step<FoundServer>> {
  const { clock, emit } = ports
  const address = parseAddress(subject.site.server)
  const connections = { connections: 1, timeouts: TIMEOUTS, now: () => clock.now() }
  const transport = openTransport({ address, way, ...connections })
  const send = openCalls({ transport, clock, random: () => 0.5, emit })
  try {
    const found = await limited(address.url, LIMIT, ports, (signal) => askVersions(subject, send, signal))
    return ok('server', `${address.url} is Tableau`, found)
  } finally {
    await transport.destroy()
  }
}

const needing = (entities: readonly Entity[]): string =>
  entities.map(({ name, read }) => `${name} (${read.since})`).join(', ')

/** Whether the server is new enough for the sign-in and for what is switched on, and no newer than was tested. */
export function version(subject: DoctorSubject, { spoken, product, tooOld }: FoundServer): Step<true> {
  if (tooOld !== undefined) return fail('version', tooOld.message, tooOld.next)
  const says = `REST API ${spoken}, Tableau ${product}`
  const unsupported = entitiesOn(subject).filter(({ read }) => compareVersions(spoken, read.since) < 0)
  if (unsupported.length > 0)
    return warn(
      'version',
      `${says}: too old for ${needing(unsupported)}, which will not be read`,
      'Upgrade Tableau Server, or switch these entities off in the configuration.',
      true,
    )
  if (compareVersions(spoken, NEWEST_TESTED) > 0)
    return warn(
      'version',
      `${says}: newer than ${NEWEST_TESTED}, the newest that Almanac was tested with and the one that it speaks`,
      'Look for a newer Almanac; this one goes on working as long as Tableau keeps the old version.',
      true,
    )
  return ok('version', says, true)
}
