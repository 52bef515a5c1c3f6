import { expect, test } from 'vitest'
import { newRun } from '../../lib/connection/run-id.ts'
import { machineOfRun } from '../../lib/lambda/session.ts'

const arnOf = (name: string): string => `arn:aws:states:eu-central-1:123456789012:stateMachine:${name}`
const OWN = arnOf('almanac-prod-marketing')

test.each([
  ['our own site', 'marketing-2026-11-29', 'almanac-prod-marketing'],
  ['our own site, again', 'marketing-2026-11-29-r2', 'almanac-prod-marketing'],
  ['another site that shares the token', 'sales-2-2026-11-29', 'almanac-prod-sales-2'],
  ['a site whose name ends like ours', 'us-marketing-2026-11-29-r12', 'almanac-prod-us-marketing'],
])('a run of %s is asked for at its own machine', (_, run, machine) => {
  expect(machineOfRun(OWN, 'marketing', run)).toBe(arnOf(machine))
})

test('a run of a laptop has no machine: nobody can be asked for it', () => {
  expect(machineOfRun(OWN, 'marketing', newRun(Date.parse('2026-11-29T03:30:00Z')))).toBeUndefined()
})

test('a machine of another name than its site’s cannot tell those of other sites', () => {
  expect(machineOfRun(arnOf('renamed'), 'marketing', 'sales-2-2026-11-29')).toBeUndefined()
})
