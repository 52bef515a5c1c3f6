import { Duration, Size } from 'aws-cdk-lib'
import type { Construct } from 'constructs'
import { shareOf } from '../config/deployment.ts'
import type { Entity } from '../core/entity.ts'
import { VARIABLES } from '../lambda/environment.ts'
import { serviceOf } from '../lambda/telemetry.ts'
import { AUTHORITIES } from './authorities.ts'
import { type House, HouseFunction } from './house-function.ts'
import { allowExtract, allowFreshness, allowLoad, allowReport, allowSession, type Grounds } from './rights.ts'

/** What the functions of a site are made of. */
export interface Parts {
  readonly house: House
  readonly grounds: Grounds
  readonly entities: readonly Entity[]
}

/** A Lambda lives no longer. */
const LONGEST = Duration.minutes(15)

/** What every function knows of its site; references to secrets, and none of them. */
function environment({ state, deployment, site }: Grounds): Record<string, string> {
  const { calls } = shareOf(deployment, site)
  const caFile = site.caFile === undefined ? undefined : AUTHORITIES
  const own = { ...site, warehouse: '', concurrency: calls, caFile }
  return {
    [VARIABLES.site]: JSON.stringify(own),
    [VARIABLES.bucket]: state.bucket.bucketName,
    [VARIABLES.service]: serviceOf(deployment.name),
  }
}

const sessionSecret = ({ state, site }: Grounds): string => state.sessions.get(site.slug)?.secretArn ?? ''

/** The function `session`. */
export function sessionFunction(scope: Construct, { house, grounds }: Parts): HouseFunction {
  const made = new HouseFunction(scope, 'Session', {
    house,
    code: 'session',
    description: 'Signs in and out of Tableau, and again when a session is lost: it alone reads the token',
    memoryMb: 512,
    timeout: Duration.minutes(5),
    environment: {
      ...environment(grounds),
      [VARIABLES.sessionSecret]: sessionSecret(grounds),
      [VARIABLES.machine]: grounds.machineArn,
    },
    ...(grounds.deployment.sessionReserved ? { reserved: 1 } : {}),
  })
  allowSession(made, grounds, sessionSecret(grounds))
  return made
}

/** One extractor for each entity, by its name: each may write its own landing alone. */
export function extractorsOf(
  scope: Construct,
  { house, grounds, entities }: Parts,
  session: HouseFunction,
): ReadonlyMap<string, HouseFunction> {
  const made = entities.map((entity): [string, HouseFunction] => {
    const extractor = new HouseFunction(scope, `Extract-${entity.name}`, {
      house,
      code: 'extract',
      description: `Reads ${entity.name} from Tableau into landing`,
      memoryMb: 1024,
      timeout: LONGEST,
      environment: {
        ...environment(grounds),
        [VARIABLES.entity]: entity.name,
        [VARIABLES.sessionSecret]: sessionSecret(grounds),
        [VARIABLES.sessionFunction]: session.fn.functionName,
      },
    })
    allowExtract(extractor, grounds, entity, sessionSecret(grounds))
    extractor.allow(['lambda:InvokeFunction'], [session.fn.functionArn])
    return [entity.name, extractor]
  })
  return new Map(made)
}

/** The function `load`. */
export function loadFunction(scope: Construct, { house, grounds }: Parts): HouseFunction {
  const made = new HouseFunction(scope, 'Load', {
    house,
    code: 'load',
    description: 'Proves, commits and publishes what an extractor landed',
    memoryMb: 3008,
    timeout: LONGEST,
    temporary: Size.gibibytes(4),
    environment: environment(grounds),
  })
  allowLoad(made, grounds)
  return made
}

/** The function `report`. */
export function reportFunction(scope: Construct, { house, grounds }: Parts): HouseFunction {
  const made = new HouseFunction(scope, 'Report', {
    house,
    code: 'report',
    description: 'Says what a run came to, to the warehouse, the metrics and the people',
    memoryMb: 512,
    timeout: Duration.minutes(3),
    environment: environment(grounds),
  })
  allowReport(made, grounds)
  return made
}

/** The function `start`. */
export function startFunction(scope: Construct, { house, grounds }: Parts): HouseFunction {
  return new HouseFunction(scope, 'Start', {
    house,
    code: 'start',
    description: 'Computes the day of a run and starts its execution, once',
    memoryMb: 256,
    timeout: Duration.minutes(1),
    environment: { ...environment(grounds), [VARIABLES.machine]: grounds.machineArn },
  })
}

/** The function `freshness`. */
export function freshnessFunction(scope: Construct, { house, grounds }: Parts): HouseFunction {
  const made = new HouseFunction(scope, 'Freshness', {
    house,
    code: 'freshness',
    description: 'Says every hour how old the newest snapshot is, and what is held',
    memoryMb: 512,
    timeout: Duration.minutes(3),
    environment: environment(grounds),
  })
  allowFreshness(made, grounds)
  return made
}
