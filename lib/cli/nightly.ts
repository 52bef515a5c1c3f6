import type { Call, Command } from './command.ts'
import { doRun } from './run-ports.ts'
import { exitOfReport, writeReport } from './run-report.ts'
import { RUN_OPTIONS } from './site-run.ts'

async function run(call: Call): Promise<number> {
  const { nightly } = await import('../nightly/nightly.ts')
  return doRun(call, nightly, async (report) => {
    await writeReport(call, report)
    return exitOfReport(report)
  })
}

/** One night of the configured site. */
export const NIGHTLY: Command = {
  name: 'nightly',
  args: [],
  doc: 'read the site, prove every entity complete, commit and publish it',
  options: RUN_OPTIONS,
  examples: [
    'almanac nightly',
    'almanac nightly --select users,groups,group_members --warehouse /data/warehouse',
  ],
  run,
}
