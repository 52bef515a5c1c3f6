/** How much a simulated site holds on its first day. All whole numbers. */
export type Counts = {
  users: number
  groups: number
  projects: number
  workbooks: number
  views: number
  datasources: number
  /** Background jobs created on one day. */
  jobsPerDay: number
  /** For how many days the server remembers its jobs (Tableau purges finished jobs after some weeks). */
  jobDays: number
}

/** The names of the ready-made sizes. */
export type Size = 'small' | 'model' | 'huge'

/** The ready-made sizes: a site to try things on, the site that benchmarks measure, and the upper end. */
export const sizes: Readonly<Record<Size, Counts>> = {
  small: {
    users: 300,
    groups: 30,
    projects: 40,
    workbooks: 400,
    views: 2_000,
    datasources: 150,
    jobsPerDay: 200,
    jobDays: 30,
  },
  model: {
    users: 15_000,
    groups: 500,
    projects: 500,
    workbooks: 5_000,
    views: 25_000,
    datasources: 4_000,
    jobsPerDay: 1_500,
    jobDays: 14,
  },
  huge: {
    users: 50_000,
    groups: 2_000,
    projects: 2_500,
    workbooks: 60_000,
    views: 300_000,
    datasources: 20_000,
    jobsPerDay: 8_000,
    jobDays: 7,
  },
}

const least: Counts = {
  users: 1,
  groups: 1,
  projects: 1,
  workbooks: 0,
  views: 0,
  datasources: 0,
  jobsPerDay: 0,
  jobDays: 1,
}

const names = [
  'users',
  'groups',
  'projects',
  'workbooks',
  'views',
  'datasources',
  'jobsPerDay',
  'jobDays',
] as const satisfies readonly (keyof Counts)[]

/**
 * A size with some of its counts replaced.
 * A site always has an administrator, the group All Users and the project default, hence at least 1 of these.
 * Throws RangeError for a count that is not a whole number, too small, or views without any workbook.
 */
export const countsOf = (size: Size, changes: Partial<Counts> = {}): Counts => {
  const counts = { ...sizes[size], ...changes }
  for (const name of names) {
    if (Number.isInteger(counts[name]) && counts[name] >= least[name]) continue
    throw new RangeError(
      `simulator: ${name} must be a whole number of at least ${least[name]}, not ${counts[name]}`,
    )
  }
  if (counts.views > 0 && counts.workbooks === 0) {
    throw new RangeError(
      `simulator: ${counts.views} views need at least 1 workbook; set workbooks or views: 0`,
    )
  }
  return counts
}
