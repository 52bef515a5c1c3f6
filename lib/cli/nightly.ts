import type { RunReport } from '../core/report.ts'
import { type Call, type Command, formatOf, hasFlag } from './command.ts'
import { errorText } from './failure.ts'
import { write } from './io.ts'
import { tellPeople } from './people.ts'
import { doRuns, type Ended } from './run-ports.ts'
import { exitOfReport, writeReport, writeReports } from './run-report.ts'
import { RUN_OPTIONS } from './site-run.ts'

/** Tells one site's night: its report, or what kept it from having one. */
async function tellNight(call: Call, { result, error }: Ended<RunReport>, isApart: boolean): Promise<number> {
  if (error !== undefined) {
    await write(call.io.err, errorText(error, { io: call.io, isDebug: hasFlag(call.options, 'debug') }))
    return error.exit
  }
  if (isApart) await writeReport(call, result)
  return exitOfReport(result)
}

async function run(call: Call): Promise<number> {
  const { nightly } = await import('../nightly/nightly.ts')
  const reports: RunReport[] = []
  let isJoined = false
  const exit = await doRuns(call, nightly, async (ended, several) => {
    // Rows of several sites make one answer for machines; people see each site as it ends.
    isJoined = several && formatOf(call.options) !== 'table'
    if (ended.result !== undefined) reports.push(ended.result)
    const code = await tellNight(call, ended, !isJoined)
    await tellPeople(call, ended)
    return code
  })
  if (isJoined) await writeReports(call, reports)
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
  run,
}
