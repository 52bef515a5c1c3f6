import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { App, Stack } from 'aws-cdk-lib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { authoritiesLayer } from '../../lib/stacks/authorities.ts'
import { selfSigned } from '../aws/certificate.ts'
import { scratchFolder } from '../system/site.ts'

let folder: Awaited<ReturnType<typeof scratchFolder>>
beforeAll(async () => {
  folder = await scratchFolder()
})
afterAll(() => folder.remove())

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
