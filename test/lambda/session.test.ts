import { describe, expect, test } from 'vitest'
import { newRun } from '../../lib/connection/run-id.ts'
import { isRunning, machineOfRun } from '../../lib/lambda/session.ts'

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

test('a run whose name tells no site has no machine of its own', () => {
  expect(machineOfRun(OWN, 'marketing', newRun(Date.parse('2026-11-29T03:30:00Z')))).toBeUndefined()
})

test('a machine of another name than its site’s cannot tell those of other sites', () => {
  expect(machineOfRun(arnOf('renamed'), 'marketing', 'sales-2-2026-11-29')).toBeUndefined()
})

describe('an execution that holds a lease', () => {
  const BY_CONSOLE = '1f0c9f2e-5a1b-4a57-9a51-0e2a7f6f2c11'

  test.each([
    ['runs', 'sales-2026-11-29', 'almanac-prod-sales', 'running', true],
    ['has ended well', 'sales-2026-11-29', 'almanac-prod-sales', 'succeeded', false],
    ['was stopped', 'sales-2026-11-29', 'almanac-prod-sales', 'failed', false],
    ['is known no more', 'sales-2026-11-29', 'almanac-prod-sales', undefined, false],
    ['has a name of the console’s own and runs', BY_CONSOLE, 'almanac-prod-marketing', 'running', true],
    [
      'has a name of the console’s own and was stopped',
      BY_CONSOLE,
      'almanac-prod-marketing',
      'failed',
      false,
    ],
    ['may be one of another machine', BY_CONSOLE, 'almanac-prod-marketing', undefined, true],
  ] as const)('that %s', async (_, holder, machine, status, runs) => {
    const asked: string[] = []
    const ask = async (arn: string, name: string) => {
      asked.push(arn, name)
      return status
    }
    expect(await isRunning(OWN, 'marketing', holder, ask)).toBe(runs)
    expect(asked).toEqual([arnOf(machine), holder])
  })
})
