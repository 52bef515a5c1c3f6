import * as z from 'zod'
import { SLUG } from '../core/keys.ts'
import { AWS } from './defaults.ts'
import { closed, type Issue, number, several, shaped, takes } from './field.ts'
import { REGION, REGION_NOUN } from './value.ts'
import { shown, wrong } from './words.ts'

/** What CloudWatch Logs takes (API reference, PutRetentionPolicy). */
const LOG_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
] as const

/** What an environment may be called: it begins the names of stacks, which begin with a letter. */
const ENVIRONMENT = /^[a-z](?:[a-z0-9-]{0,14}[a-z0-9])?$/
const ENVIRONMENT_NOUN =
  'a name of an environment: lower-case letters, digits and hyphens, a letter first, at most 16'

/** What is wrong with the name of an environment; undefined when nothing is. */
export const environmentObjection = (name: string): string | undefined =>
  ENVIRONMENT.test(name) ? undefined : wrong(name, ENVIRONMENT_NOUN)

/** A time of day outside of 01:00 to 02:59. */
const AT = /^(?:00|0[3-9]|1\d|2[0-3]):[0-5]\d$/
const AT_NOUN = 'a time of day from 00:00 to 00:59 or from 03:00 to 23:59, in quotes'

const atWords = {
  error: ({ input }: Issue): string =>
    typeof input === 'string' && /^0[12]:[0-5]\d$/.test(input)
      ? `${shown(input)} is when clocks change: a night would be lost or doubled; it takes ${AT_NOUN}`
      : wrong(input, AT_NOUN),
}

const whole = (from: number, to: number, byDefault: number, description: string) =>
  number(from, to)
    .meta({ description, default: byDefault, examples: [byDefault] })
    .exactOptional()

const network = closed('an object with "subnets" and "securityGroups"', {
  subnets: several(
    'ids of subnets',
    shaped('an id of a subnet, such as subnet-0123456789abcdef0', /^subnet-(?:[0-9a-f]{8}|[0-9a-f]{17})$/),
  ).meta({
    description: 'Ids of its subnets from which Tableau and AWS can be reached.',
    examples: [['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1']],
  }),
  securityGroups: several(
    'ids of security groups',
    shaped('an id of a security group, such as sg-0123456789abcdef0', /^sg-(?:[0-9a-f]{8}|[0-9a-f]{17})$/),
  ).meta({
    description: 'Ids of the security groups that the functions are in.',
    examples: [['sg-0123456789abcdef0']],
  }),
})

const { landingDays, noncurrentDays, coldAfterDays, logDays } = AWS.retention

const retention = closed('an object of days', {
  landingDays: whole(
    3,
    365,
    landingDays,
    'Days that what was read from Tableau is kept beside what was committed of it.',
  ),
  noncurrentDays: whole(
    1,
    3650,
    noncurrentDays,
    'Days that replaced and deleted versions of objects can be brought back.',
  ),
  coldAfterDays: whole(
    30,
    3650,
    coldAfterDays,
    'Days after which what is kept for ever moves to colder storage.',
  ),
  logDays: z
    .literal(LOG_DAYS, takes(`one of ${LOG_DAYS.join(', ')}`))
    .meta({
      description: 'Days that logs are kept: one of the numbers that CloudWatch takes.',
      default: logDays,
      examples: [logDays],
    })
    .exactOptional(),
})

const emails = several(
  'e-mail addresses',
  shaped('an e-mail address, such as bi-oncall@example.com', /^[^\s@<>,;"]+@[^\s@<>,;"]+\.[^\s@<>,;"]+$/),
)

const alarms = closed('an object with "emails"', {
  emails: emails.meta({
    description: 'Who is told, at least one. Each address gets a mail first in which it must be confirmed.',
    examples: [['bi-oncall@example.com']],
  }),
  pages: emails
    .meta({
      description:
        'Who is woken when a day is in danger, such as the address of a pager; without it, those of "emails". They hear of nothing else.',
      examples: [['bi-pager@example.com']],
    })
    .exactOptional(),
  snapshotAgeHours: whole(
    25,
    168,
    AWS.alarms.snapshotAgeHours,
    'The alarm rings when the last complete night of a site is older than so many hours.',
  ),
  monthlyBudgetUsd: whole(
    1,
    1_000_000,
    AWS.alarms.monthlyBudgetUsd,
    'US dollars a month; who is told hears of it when they are spent.',
  ),
})

/** One environment: an account and region where the nightly of some sites runs. */
const environment = closed('an object', {
  account: shaped('an AWS account: 12 digits, in quotes', /^\d{12}$/).meta({
    description: 'The AWS account.',
    examples: ['123456789012'],
  }),
  region: shaped(REGION_NOUN, REGION).meta({ description: 'The region.', examples: ['eu-central-1'] }),
  sites: several('slugs of sites', shaped('a slug of a site', SLUG))
    .meta({
      description: 'Slugs of the sites it reads; without it, all of the file.',
      examples: [['marketing']],
    })
    .exactOptional(),
  at: z
    .string(atWords)
    .regex(AT, atWords)
    .meta({
      description:
        'When the night of a site begins, in the site’s own `timeZone`. Not from 01:00 to 02:59, nor whenever the clocks of that zone change.',
      default: AWS.at,
      examples: [AWS.at],
    })
    .exactOptional(),
  extractorsAtOnce: whole(
    1,
    40,
    AWS.extractorsAtOnce,
    'Entities of a site that are read at the same time. They share the calls that `concurrency` allows, so that there are never more of them than that.',
  ),
  sessionReserved: z
    .boolean(takes('one of true, false'))
    .meta({
      description:
        'Whether concurrency is reserved for the function that signs in. Accounts with a small quota of concurrency cannot.',
      default: AWS.sessionReserved,
      examples: [true],
    })
    .exactOptional(),
  network: network
    .meta({
      description:
        'The network from which Tableau is reached, for a server that is not public. Without it, the internet.',
    })
    .exactOptional(),
  retention: retention
    .meta({ description: 'How long things are kept.', examples: [{ logDays: 365 }] })
    .exactOptional(),
  alarms: alarms.meta({
    description: 'Whom to tell, and of what. A pipeline of which nobody is told is not deployed.',
    examples: [{ emails: ['bi-oncall@example.com'] }],
  }),
})

/** Environments by name. */
export const environments = z.record(z.string().regex(ENVIRONMENT), environment, {
  error: ({ code, input }: Issue) =>
    wrong(input, code === 'invalid_key' ? ENVIRONMENT_NOUN : 'an object of environments by name'),
})

/** The environments as the file has them, once their shape is right. */
export type EnvironmentsOfFile = Readonly<z.infer<typeof environments>>
/** One of them. */
export type EnvironmentOfFile = z.infer<typeof environment>
