import { writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Company, found, secureWebhook } from '../cli/ways.ts'
import { startProxy } from '../network/proxy-server.ts'
import { FEW, scratchFolder } from '../system/site.ts'
import { openWorld } from './world.ts'

const DAY = '2026-11-01'
const PASSWORD = 'canary-of-the-proxy'

let folder: Awaited<ReturnType<typeof scratchFolder>>
let company: Company
beforeAll(async () => {
  folder = await scratchFolder()
  company = await found(folder.path)
})
afterAll(() => folder.remove())

test('a site behind a company’s proxy and authority is read, and its people are told the same way, by secrets of AWS alone', async () => {
  const proxy = await startProxy({ credentials: `svc:${PASSWORD}` })
  const hook = await secureWebhook(company.corp.good)
  const world = await openWorld({
    counts: FEW,
    day: DAY,
    entities: ['site', 'groups'],
    tls: { ...company.corp.good, caFile: company.caFile },
    fields: {
      proxy: { url: proxy.url, user: 'svc', password: { awsSecret: 'company/proxy' } },
      notify: [{ kind: 'json', url: { awsSecret: 'company/webhook' } }],
    },
    kept: { 'company/proxy': PASSWORD, 'company/webhook': hook.url },
  })
  try {
    // Functions have no file of this machine.
    await writeFile(company.caFile, 'gone')
    world.simulator.faults.set([{ kind: 'forbidden', match: { endpoint: 'groups' } }])
    const { execution, report } = await world.night(DAY)
    expect([execution.status, execution.error, report.failure]).toEqual(['FAILED', 'not-complete', null])
    expect(report.outcomes.map(({ entity, verdict }) => [entity, verdict])).toEqual([
      ['site', 'complete'],
      ['groups', 'forbidden'],
    ])
    expect(hook.bodies).toEqual([expect.stringContaining('"groups:forbidden"')])
    const tableau = new URL(world.simulator.url).port
    expect(new Set(proxy.asked)).toEqual(new Set([`localhost:${tableau}`, hook.host]))
    const said = Buffer.concat(world.lambda.logs).toString() + execution.data.join('\n')
    for (const secret of [PASSWORD, hook.url, ...company.secrets]) expect(said).not.toContain(secret)
  } finally {
    await world.close()
  }
})
