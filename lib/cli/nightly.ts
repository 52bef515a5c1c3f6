import type { RunReport } from '../core/report.ts'
import { type Call, type Command, formatOf, hasFlag } from './command.ts'
import { errorText } from './failure.ts'
import { write } from './io.ts'
import { reportOf, tellPeople } from './people.ts'
import { doRuns, type Ended } from './run-ports.ts'
import { exitOfReport, writeReport, writeReports } from './run-report.ts'
import { RUN_OPTIONS } from './site-run.ts'

/** Rows of several sites make one answer for machines; people see each site as it ends. */
const isJoined = ({ options }: Call, several: boolean): boolean => several && formatOf(options) !== 'table'

/** Writes one night; of what kept it from a report of its own, people see the error itself. */
async function writeNight(
  call: Call,
  { error }: Ended<RunReport>,
  report: RunReport,
  of: string | undefined,
): Promise<void> {
  if (error === undefined || formatOf(call.options) !== 'table') return writeReport(call, report, of)
  const isDebug = hasFlag(call.options, 'debug')
  await write(call.io.err, errorText(error, { io: call.io, isDebug, of }))
}

async function run(call: Call): Promise<number> {
  const { nightly } = await import('../nightly/nightly.ts')
  const reports: RunReport[] = []
  const exit = await doRuns(call, nightly, {
    exitOf: ({ result, error }) => (error === undefined ? exitOfReport(result) : error.exit),
    tell: async (ended, several) => {
      // Before anything is written: an output that is gone keeps no message back.
      const report = await reportOf(ended, Date.now())
      await tellPeople(call, ended, report)
      if (isJoined(call, several)) reports.push(report)
      else await writeNight(call, ended, report, several ? ended.site.slug : undefined)
    },
  })
  if (reports.length > 0) await writeReports(call, reports)
  return exit
}

/** One night of every configured site. */
export const NIGHTLY: Command = {
  name: 'nightly',
  args: [],
  doc: 'read every configured site, prove every entity complete, commit and publish it',
  options: RUN_OPTIONS,
  examples: [
    'almanac nightly',
    'almanac nightly --site marketing --select users,groups,group_members',
    'almanac nightly --warehouse s3://company-almanac/tableau',
  ],
  judges: true,
  run,
}
