import { randomBytes } from 'node:crypto'
import { systemClock } from '../../lib/adapters/local/clock.ts'
import { diskStore } from '../../lib/adapters/local/store.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import { exitOfRun } from '../../lib/core/report.ts'
import { nightly } from '../../lib/nightly/nightly.ts'
import { connect } from '../../lib/tableau/client.ts'
import { patIdentity, sessionName } from '../../lib/tableau/identity.ts'
import { openEngine } from '../../lib/transform/engine.ts'
import { only } from './site.ts'

/** What a child process needs to know of its night. */
export interface NightTask {
  readonly warehouse: string
  readonly serverUrl: string
  readonly contentUrl: string
  readonly patName: string
  readonly patSecret: string
  readonly day: string
  readonly entities: readonly string[]
  /** Dies by SIGKILL right before its first write of a key that begins so. */
  readonly diesBefore?: string
}

/** A night in a process of its own: prints its report as one line of JSON and ends with its exit code. */
const task = JSON.parse(process.argv[2] ?? '{}') as NightTask
const disk = diskStore(task.warehouse)

const store: ObjectStore = {
  ...disk,
  write: (key, bytes, condition) => {
    if (task.diesBefore !== undefined && key.startsWith(task.diesBefore)) process.kill(process.pid, 'SIGKILL')
    return disk.write(key, bytes, condition)
  },
}

const engine = await openEngine({ threads: 1 })
const emit = (): void => undefined
const { serverUrl, contentUrl, patName, patSecret, day } = task
const signIn = { serverUrl, contentUrl, identity: patIdentity(patName, patSecret) }
const report = await nightly(
  {
    site: 'demo',
    timeZone: 'UTC',
    session: sessionName(signIn),
    entities: only(...task.entities),
    run: `r${randomBytes(3).toString('hex')}`,
    dt: day,
    backdate: null,
    acceptSurplus: [],
    acceptNarrowed: [],
  },
  {
    store,
    engine,
    clock: systemClock,
    emit,
    newAttempt: () => randomBytes(4).toString('hex'),
    connect: (beforeSignIn, signal) =>
      connect({ signIn, clock: systemClock, random: Math.random, emit, beforeSignIn, signal }),
  },
)
await engine.close()
process.stdout.write(`${JSON.stringify(report)}\n`)
process.exitCode = exitOfRun(report)
