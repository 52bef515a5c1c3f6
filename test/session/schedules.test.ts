import fc from 'fast-check'
import { expect, test } from 'vitest'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import { memoryVault } from '../../lib/adapters/memory/vault.ts'
import type { Clock, ObjectStore, Vault } from '../../lib/core/ports.ts'
import { closeSession } from '../../lib/session/close.ts'
import { readKept } from '../../lib/session/kept.ts'
import { type OpenPorts, openSession } from '../../lib/session/open.ts'
import { renewSession } from '../../lib/session/renew.ts'
import type { KeptSession } from '../../lib/tableau/session-facts.ts'
import { sessionToken } from '../../lib/tableau/token.ts'

const RUN = 'demo-1'
const SITE = { id: '9a8b7c6d-5e4f-3a2b-1c0d-9e8f7a6b5c4d', contentUrl: 'demo' }
const SESSION = { host: 'tableau.example.com', name: 'nightly' }
const START = Date.UTC(2026, 10, 1, 2)
const ASKED = {
  site: 'demo',
  timeZone: 'UTC',
  backdate: null,
  isDayNamed: true,
  session: SESSION,
  run: RUN,
  dt: '2026-11-01',
}

/** A server on which each sign-in ends the session before. */
function tableau() {
  let [signIns, live] = [0, 0]
  const sessionOf = (number: number): KeptSession => ({
    server: 'https://tableau.example.com',
    productVersion: '2026.2',
    apiVersion: '3.29',
    site: SITE,
    user: { id: 'u', siteRole: 'Explorer' },
    observedAt: START,
    clockSkewMs: undefined,
    token: sessionToken(`${number}`, SITE),
    isScoped: false,
    tokenExpiresAt: null,
  })
  return {
    signIn: () => {
      signIns += 1
      live = signIns
      return sessionOf(live)
    },
    signIns: () => signIns,
    end: () => {
      live = 0
    },
    lives: ({ token }: KeptSession) => Number(token.reveal()) === live,
  }
}

type Server = ReturnType<typeof tableau>
/** Waits for the scheduler's leave; never comes back in a process that died. */
type Step = () => Promise<void>

/** A process of the run: everything it does waits for its turn. */
function processOf(step: Step, server: Server, store: ObjectStore, vault: Vault, time: { ms: number }) {
  const after =
    <A extends unknown[], T>(work: (...args: A) => Promise<T>) =>
    async (...args: A): Promise<T> => {
      await step()
      const result = await work(...args)
      await step()
      return result
    }
  const clock: Clock = {
    now: () => START + time.ms,
    elapsed: () => time.ms,
    sleep: (milliseconds) => (milliseconds < 5000 ? step() : new Promise(() => undefined)),
  }
  const ports: OpenPorts = {
    store: { ...store, read: after(store.read), head: after(store.head), write: after(store.write) },
    vault: { read: after(vault.read), write: after(vault.write) },
    clock,
    emit: () => undefined,
    signIn: async (beforeSignIn) => {
      await beforeSignIn()
      return after(async () => server.signIn())()
    },
    signOut: after(async () => undefined),
    isRunning: async () => true,
  }
  const open = async (): Promise<void> => {
    let seen: Awaited<ReturnType<typeof openSession>> | undefined
    do {
      if (seen?.verdict === 'busy') await step()
      seen = await openSession(
        { ...ASKED, period: 1e9, until: Infinity, seen: seen?.verdict === 'busy' ? seen : undefined },
        ports,
      )
    } while (seen.verdict === 'busy')
  }
  /** One call with the session, as often as that has to be renewed for it. */
  const read = async (): Promise<void> => {
    for (;;) {
      const kept = await readKept(ports.vault, RUN)
      if (kept === undefined) throw new Error('nothing is kept')
      await step()
      if (server.lives(kept.session)) return
      await renewSession({ session: SESSION, run: RUN, generation: kept.generation }, ports)
    }
  }
  return { open, read, close: () => closeSession({ session: SESSION, run: RUN }, ports) }
}

test('however processes of a run come in between each other, each loss is one sign-in', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), async (scheduler) => {
      const [server, store, vault] = [tableau(), memoryStore(), memoryVault()]
      const step: Step = () => scheduler.schedule(Promise.resolve())
      const made = () => processOf(step, server, store, vault, { ms: 0 })
      const opening = Promise.all([made().open(), made().open()])
      await scheduler.waitFor(opening)
      expect(server.signIns()).toBe(1)
      const ending = step().then(server.end)
      const reading = Promise.all(
        [1, 2, 3].map(async () => {
          const each = made()
          for (let page = 0; page < 3; page++) await each.read()
        }),
      )
      await scheduler.waitFor(Promise.all([reading, ending]))
      await scheduler.waitFor(made().read())
      expect(server.signIns()).toBe(2)
      await scheduler.waitFor(Promise.all([made().close(), made().close()]))
      expect(await readKept(vault, RUN)).toBeUndefined()
    }),
    { numRuns: 200 },
  )
}, 120_000)

test('a process may die anywhere, and the others go on', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.nat(24), fc.boolean(), async (scheduler, life, diesOpening) => {
      const [server, store, vault, time] = [tableau(), memoryStore(), memoryVault(), { ms: 0 }]
      // Time goes by as they wait: a turn that nobody uses is over after a while.
      const step: Step = () => {
        time.ms += 50
        return scheduler.schedule(Promise.resolve())
      }
      let left = life
      const mortal: Step = () => (left-- > 0 ? step() : new Promise(() => undefined))
      const made = (steps = step) => processOf(steps, server, store, vault, time)
      const isOver = () => undefined
      if (diesOpening) made(mortal).open().catch(isOver)
      await scheduler.waitFor(made().open())
      server.end()
      if (!diesOpening) made(mortal).read().catch(isOver)
      await scheduler.waitFor(Promise.all([made().read(), made().read()]))
      // At most one more than without a death, for each session.
      expect(server.signIns()).toBeLessThanOrEqual(diesOpening ? 4 : 3)
      await scheduler.waitFor(made().close())
      expect(await readKept(vault, RUN)).toBeUndefined()
    }),
    { numRuns: 200 },
  )
}, 120_000)
