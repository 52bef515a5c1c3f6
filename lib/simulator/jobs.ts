import { instant, READ_AT_S } from './calendar.ts'
import { type Draft, idOf, nextSerial } from './draft.ts'
import type { Datasource, Job, Workbook } from './facts.ts'
import { hash, type Random } from './random.ts'

const DAY_S = 86_400

const others = [
  ['run_flow', 'RunFlow', 'Flow'],
  ['single_subscription_notify', 'SingleSubscriptionNotify', 'Subscription'],
  ['refresh_thumbnails', 'RefreshThumbnails', 'Thumbnails'],
  ['sync_active_directory_group', 'GroupSync', 'Group'],
] as const

const failures = [
  'com.tableausoftware.nativeapi.dll.TableauException: Unable to connect to "dwh.corp.example.com" <timeout>',
  'The query exceeded the limit of 7200 seconds.',
  'Bad Connection: Tableau could not connect to the data source.\nInvalid username or password.',
]

type Target = { row: Workbook | Datasource; subtitle: 'Workbook' | 'Datasource' }

const targetsOf = (draft: Draft): Target[] => [
  ...draft.workbooks.filter((row) => row.hasExtracts).map((row) => ({ row, subtitle: 'Workbook' as const })),
  ...draft.datasources
    .filter((row) => row.hasExtracts)
    .map((row) => ({ row, subtitle: 'Datasource' as const })),
]

/** One item in 30 fails night after night until it is deleted: nobody repairs it. */
const alwaysFails = (id: string): boolean => hash(id) % 30 === 0

type Times = Pick<Job, 'createdAt' | 'startedAt' | 'endedAt'>

/** Most jobs end within the hour; one in 60 starts late, runs over the reading and ends the next day; few take days. */
const timesOf = (random: Random, day: number): Times => {
  if (random.chance(1 / 60)) {
    const created = READ_AT_S - 1 - random.below(1_800)
    const started = random.chance(0.3)
      ? DAY_S + random.below(600)
      : created + random.below(READ_AT_S - created)
    const days = random.chance(0.05) ? 3 : 1
    const ended = days * DAY_S + 700 + random.below(20_000)
    return {
      createdAt: instant(day, created),
      startedAt: instant(day, started),
      endedAt: instant(day, ended),
    }
  }
  const created = random.below(READ_AT_S - 4_000)
  const started = created + random.below(300)
  const ended = started + 1 + Math.floor(random.unit() ** 3 * 3_500)
  return { createdAt: instant(day, created), startedAt: instant(day, started), endedAt: instant(day, ended) }
}

const refreshOf = (draft: Draft, random: Random, day: number, { row, subtitle }: Target): Job => {
  const failed = alwaysFails(row.id) || random.chance(0.01)
  const incremental = random.chance(0.15)
  return {
    id: idOf(draft.seed, 'job', nextSerial(draft, 'job')),
    status: failed ? 'Failed' : random.chance(0.01) ? 'Cancelled' : 'Success',
    jobType: incremental ? 'increment_extracts' : 'refresh_extracts',
    ...timesOf(random, day),
    priority: random.pick([50, 50, 50, 10, 80]),
    title: row.name,
    subtitle,
    type: 'RefreshExtract',
    workbookId: subtitle === 'Workbook' ? row.id : undefined,
    datasourceId: subtitle === 'Datasource' ? row.id : undefined,
    notes: failed ? random.pick(failures) : 'Finished refresh of extracts.',
  }
}

const otherJob = (draft: Draft, random: Random, day: number): Job => {
  const [jobType, type, subtitle] = random.pick(others)
  const failed = random.chance(0.03)
  return {
    id: idOf(draft.seed, 'job', nextSerial(draft, 'job')),
    status: failed ? 'Failed' : 'Success',
    jobType,
    ...timesOf(random, day),
    priority: 50,
    title: `${subtitle} ${random.below(500)}`,
    subtitle,
    type,
    workbookId: undefined,
    datasourceId: undefined,
    notes: failed ? random.pick(failures) : undefined,
  }
}

/** Forgets the oldest jobs and adds one day's: the same extracts each day, and a fifth of other work. */
export const churnJobs = (draft: Draft, random: Random, day: number): void => {
  const { jobsPerDay, jobDays } = draft.counts
  const oldest = instant(day - jobDays + 1, 0)
  const targets = targetsOf(draft)
  const courses = draft.courses.filter((job) => job.createdAt >= oldest)
  for (let i = 0; i < jobsPerDay; i++) {
    const target = i % 5 === 4 ? undefined : targets[Math.floor(i * 0.8) % targets.length]
    courses.push(target === undefined ? otherJob(draft, random, day) : refreshOf(draft, random, day, target))
  }
  draft.courses = courses
}

/** A job as it shows at an instant: what lies ahead of it is not known yet. */
export const jobAt = (job: Job, now: string): Job => {
  if (job.endedAt !== undefined && job.endedAt <= now) return job
  if (job.startedAt !== undefined && job.startedAt > now) {
    return { ...job, status: 'Pending', startedAt: undefined, endedAt: undefined, notes: undefined }
  }
  return { ...job, status: 'InProgress', endedAt: undefined, notes: undefined }
}
