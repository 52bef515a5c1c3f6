import { setTimeout as wait } from 'node:timers/promises'
import type { Day } from '../../lib/core/day.ts'
import { keys } from '../../lib/core/keys.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import type { RunReport } from '../../lib/core/report.ts'
import { ENTITIES } from '../../lib/entities/index.ts'
import type { Counts } from '../../lib/simulator/counts.ts'
import { type Simulator, startSimulator } from '../../lib/simulator/server.ts'
import type { AwsServer, TlsFiles } from '../aws/listening.ts'
import { type S3Server, startS3 } from '../aws/s3-server.ts'
import { type SecretsServer, startSecrets } from '../aws/secrets-server.ts'
import { CANARY, clientOf, REGION, warehouseIn } from '../aws/warehouse.ts'
import { type Execution, type Executions, openExecutions } from './executions.ts'
import { type Lambda, openLambda } from './lambda.ts'
import { startLambda, startStepFunctions } from './services.ts'
import { type Synthesized, synthesized, TOKEN_SECRET } from './synthesized.ts'

/** A night as its execution ended, and the report that it left. */
export interface DeployedNight {
  readonly execution: Execution
  readonly report: RunReport
}

/** A simulated site and what is deployed for it, on servers that stand for AWS. */
export interface DeployedWorld {
  readonly simulator: Simulator
  /** The entities that are read. */
  readonly entities: readonly string[]
  readonly s3: S3Server
  readonly secrets: SecretsServer
  /** Lambda as functions call it. */
  readonly calls: AwsServer
  readonly stepFunctions: AwsServer
  readonly store: ObjectStore
  readonly lambda: Lambda
  readonly executions: Executions
  readonly deployed: Synthesized
  /** Every token that a run kept, without the site that it ends with. */
  tokens(): readonly string[]
  /** Starts the run of a day as the schedule does, or by hand as its second or third. */
  start(day: Day, rerun?: number): Promise<Execution>
  /** The same, to its end. */
  night(day: Day, rerun?: number): Promise<DeployedNight>
  close(): Promise<void>
}

/** How a world is to be. */
export interface WorldOptions {
  readonly counts?: Counts
  readonly day: Day
  readonly entities?: readonly string[]
  /** How late the server answers, in milliseconds. */
  readonly latencyMs?: number
  /** Where the server speaks https: its key and certificate, and a file with what it is trusted by. */
  readonly tls?: TlsFiles & { readonly caFile: string }
  /** What the configuration says of the site besides, and the secrets that it names. */
  readonly fields?: object
  readonly kept?: Readonly<Record<string, string>>
}

/** Opens a world: everything is synthesized and bundled, and nothing runs yet. */
export async function openWorld({
  counts,
  day,
  entities = ENTITIES.map(({ name }) => name),
  latencyMs = 0,
  tls,
  fields = {},
  kept: named = {},
}: WorldOptions): Promise<DeployedWorld> {
  const simulator = await startSimulator({
    seed: 'system',
    day,
    latencyMs,
    ...(counts && { counts }),
    ...(tls && { tls }),
  })
  const { url, site, patName, patSecret } = simulator
  // Certificates are for names.
  const server = tls === undefined ? url : url.replace('127.0.0.1', 'localhost')
  const deployed = synthesized({
    server,
    site,
    patName,
    entities,
    fields,
    ...(tls && { caFile: tls.caFile }),
  })
  const s3 = await startS3({ bucket: deployed.bucket })
  const secrets = await startSecrets({
    ...Object.fromEntries(Object.entries(named).map(([name, text]) => [name, { text }])),
    [TOKEN_SECRET]: { text: patSecret },
    [deployed.sessionSecret]: { text: '{}' },
  })
  const kept = keepingTokens(secrets, deployed.sessionSecret)
  const executionsOf = (): Executions => executions
  const stepFunctions = await startStepFunctions(executionsOf)
  const addresses: Record<string, string> = {
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: CANARY.accessKeyId,
    AWS_SECRET_ACCESS_KEY: CANARY.secretAccessKey,
    AWS_SESSION_TOKEN: CANARY.sessionToken,
    AWS_ENDPOINT_URL_S3: s3.url,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url,
    AWS_ENDPOINT_URL_SFN: stepFunctions.url,
  }
  const lambda = openLambda(
    deployed.functions.map((fn) => ({
      ...fn,
      get environment() {
        return { ...fn.environment, ...addresses }
      },
    })),
  )
  const calls = await startLambda(lambda)
  addresses['AWS_ENDPOINT_URL_LAMBDA'] = calls.url
  const { machineArn, definition } = deployed
  const executions = openExecutions({ machineArn, definition, invoke: lambda.invoke })
  const client = await clientOf(s3)
  const store = warehouseIn(s3, client, '')

  const start: DeployedWorld['start'] = async (dt, rerun) => {
    if (simulator.day() !== dt) simulator.setDay(dt)
    const { functionName, input } = deployed.nightly
    const event = JSON.parse(input.replace('<aws.scheduler.scheduled-time>', `${dt}T04:30:00Z`))
    const { payload, failed } = await lambda.invoke(functionName, { ...event, ...(rerun && { rerun }) })
    const execution = executions.all.get(JSON.parse(payload).run)
    if (failed || execution === undefined) throw new Error(`start: ${payload}`)
    return execution
  }
  return {
    simulator,
    entities,
    s3,
    secrets,
    calls,
    stepFunctions,
    store,
    lambda,
    executions,
    deployed,
    tokens: () => kept,
    start,
    night: async (dt, rerun) => {
      const execution = await start(dt, rerun)
      await execution.ended
      const kept = await store.read(keys.run('demo', dt, execution.name))
      return { execution, report: JSON.parse(new TextDecoder().decode(kept?.bytes)) }
    },
    close: async () => {
      for (const { status, stop } of executions.all.values()) if (status === 'RUNNING') stop()
      lambda.close()
      client.destroy()
      await Promise.all([calls, stepFunctions, s3, secrets, simulator].map((each) => each.close()))
    },
  }
}

/** The tokens of all sessions that will be kept in a secret. */
function keepingTokens({ secrets }: SecretsServer, name: string): readonly string[] {
  const tokens: string[] = []
  const set = secrets.set.bind(secrets)
  secrets.set = (written, record) => {
    const text = typeof record === 'object' && 'text' in record && written === name ? record.text : '{}'
    const [token] = String(JSON.parse(text).kept?.session.token ?? '').split('|')
    if (token) tokens.push(token)
    return set(written, record)
  }
  return tokens
}

/** Waits until something is so. Throws when it is not within half a minute. */
export async function until(isSo: () => boolean): Promise<void> {
  for (let tries = 0; tries < 3000; tries++) {
    if (isSo()) return
    await wait(10)
  }
  throw new Error('it did not come to pass')
}
