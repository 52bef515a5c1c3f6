import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { App, Stack } from 'aws-cdk-lib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { authoritiesLayer } from '../../lib/stacks/authorities.ts'
import { selfSigned } from '../aws/certificate.ts'
import { FEW, scratchFolder } from '../system/site.ts'
import { openWorld } from './world.ts'

const DAY = '2026-11-01'
let folder: Awaited<ReturnType<typeof scratchFolder>>
beforeAll(async () => {
  folder = await scratchFolder()
})
afterAll(() => folder.remove())

test('a site whose server only its own authority vouches for is read by functions that have no file of this machine', async () => {
  const tls = await selfSigned()
  const caFile = join(folder.path, 'company.pem')
  writeFileSync(caFile, tls.cert)
  const world = await openWorld({ counts: FEW, day: DAY, entities: ['site'], tls: { ...tls, caFile } })
  try {
    writeFileSync(caFile, 'gone')
    const { execution, report } = await world.night(DAY)
    expect([execution.status, report.failure]).toEqual(['SUCCEEDED', null])
  } finally {
    await world.close()
  }
})

test.each([
  ['that is not there', 'absent.pem', /absent\.pem .*ENOENT/],
  ['that holds a key', 'key.pem', /private key/],
])('a CA file %s stops the synthesis', async (_, name, message) => {
  writeFileSync(join(folder.path, 'key.pem'), (await selfSigned()).key)
  const stack = new Stack(new App(), 'Pipeline')
  expect(() => authoritiesLayer(stack, join(folder.path, name))).toThrow(
    expect.objectContaining({ code: 'bad-configuration', message: expect.stringMatching(message) }),
  )
})
