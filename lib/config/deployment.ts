import type { EnvironmentOfFile } from './aws-shape.ts'
import type { Configuration, SiteConfiguration } from './configuration.ts'
import { AWS } from './defaults.ts'

/** The network from which Tableau is reached: ids of AWS. */
export interface DeploymentNetwork {
  readonly subnets: readonly string[]
  readonly securityGroups: readonly string[]
}

/** How long an environment keeps things, in days. */
export interface DeploymentRetention {
  readonly landingDays: number
  /** Of objects that were replaced or deleted. */
  readonly noncurrentDays: number
  /** After which what is kept for ever moves to colder storage. */
  readonly coldAfterDays: number
  /** One of the numbers that CloudWatch Logs takes. */
  readonly logDays: number
}

/** Whom an environment tells, and of what. */
export interface DeploymentAlarms {
  /** At least one. */
  readonly emails: readonly string[]
  /** Who is woken; where nobody is named, those of `emails`. */
  readonly pages?: readonly string[] | undefined
  readonly snapshotAgeHours: number
  readonly monthlyBudgetUsd: number
}

/** One environment on AWS with every default filled in. */
export interface Deployment {
  /** At most 16 lower-case letters, digits and hyphens, the first a letter. */
  readonly name: string
  /** 12 digits. */
  readonly account: string
  readonly region: string
  /**
   * The sites it reads, in the file's order, at least one. Every secret of theirs is an `awsSecret`. Their `warehouse` is
   * that of other machines: here it is the environment's own bucket.
   */
  readonly sites: readonly SiteConfiguration[]
  /** When the night of a site begins, in the site's time zone: a time that each day has once. */
  readonly at: { readonly hour: number; readonly minute: number }
  /** At most so many entities of a site are read at the same time: see `shareOf`. */
  readonly extractorsAtOnce: number
  /** Whether concurrency is reserved for the function `session`. */
  readonly sessionReserved: boolean
  /** Undefined: the public internet. */
  readonly network: DeploymentNetwork | undefined
  readonly retention: DeploymentRetention
  readonly alarms: DeploymentAlarms
}

/** The name of an environment's bucket: known before it is there, so that rights and runbooks can name it. */
export const bucketName = ({
  name,
  account,
  region,
}: Pick<Deployment, 'name' | 'account' | 'region'>): string => `almanac-${name}-${account}-${region}`

/** The database of an environment in Glue's catalog, and its workgroup in Athena. */
export const databaseName = (environment: string): string => `almanac_${environment.replaceAll('-', '_')}`

/** How many characters AWS lets the name of a state machine have. */
export const MACHINE_NAME_LONGEST = 80

/**
 * The name of the state machine that runs the nights of a site. Functions, alarms and runbooks put it together from its
 * parts, so it is never shortened: a configuration in which it would be longer than AWS takes is refused.
 */
export const machineName = (environment: string, slug: string): string => `almanac-${environment}-${slug}`

function timeOf(at: string): Deployment['at'] {
  const [hour = 0, minute = 0] = at.split(':').map(Number)
  return { hour, minute }
}

function deploymentOf(
  name: string,
  environment: EnvironmentOfFile,
  sites: readonly SiteConfiguration[],
): Deployment {
  const { sites: slugs, retention, alarms, network, ...own } = environment
  const { at, ...rest } = { ...AWS, ...own }
  return {
    ...rest,
    name,
    sites: sites.filter(({ slug }) => slugs?.includes(slug) ?? true),
    at: timeOf(at),
    network,
    retention: { ...AWS.retention, ...retention },
    alarms: { ...AWS.alarms, ...alarms },
  }
}

/** The environments of a configuration, in the file's order, with every default filled in; none where it has no `aws`. */
export const deploymentsOf = ({
  sites,
  aws = {},
}: Pick<Configuration, 'sites' | 'aws'>): readonly Deployment[] =>
  Object.entries(aws).map(([name, environment]) => deploymentOf(name, environment, sites))

/** How the extractors of a site share its calls. */
export interface Share {
  /** Extractors at the same time. */
  readonly extractors: number
  /** Calls in flight of each of them. */
  readonly calls: number
}

/** The share of each extractor of a site: together they have never more calls in flight than its `concurrency`. */
export function shareOf(
  { extractorsAtOnce }: Pick<Deployment, 'extractorsAtOnce'>,
  { concurrency }: Pick<SiteConfiguration, 'concurrency'>,
): Share {
  const extractors = Math.min(extractorsAtOnce, concurrency)
  return { extractors, calls: Math.floor(concurrency / extractors) }
}
