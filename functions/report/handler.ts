import { expiryOf } from '../../lib/connection/people.ts'
import { REPORT_EVENT, reportInput, tellPeople } from '../../lib/lambda/report.ts'
import { step } from '../../lib/lambda/step.ts'
import { countReport } from '../../lib/lambda/telemetry.ts'
import { endOf, reportStep } from '../../lib/steps/report.ts'

/** Ends a run: its report, its figures, the people. What a machine then ends with is in the answer. */
export const handler = step('report', REPORT_EVENT, async (event, ground) => {
  const { site, store, clock, telemetry } = ground
  const report = await reportStep(reportInput(event, ground), { store, clock, emit: telemetry.emit })
  countReport(telemetry, { report, tokenExpiresAt: expiryOf(site, report) })
  await tellPeople(report, ground)
  return endOf(report)
})
