import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { main } from '../../lib/cli/main.ts'
import type { Simulator } from '../../lib/simulator/server.ts'
import { smallSite, temporaryFolder } from './terminal.ts'

const DAY = '2026-11-01'

let sim: Simulator
let folder: Awaited<ReturnType<typeof temporaryFolder>>
let config: string
beforeAll(async () => {
  folder = await temporaryFolder()
  sim = await smallSite(DAY)
  config = join(folder.path, 'two.json')
  const signIn = { kind: 'pat', name: sim.patName, secret: { env: 'PAT' } }
  const site = (slug: string) => ({ slug, server: sim.url, site: sim.site, signIn, warehouse: `./${slug}` })
  // The same site into two warehouses: two runs, and nothing to tell them apart but where they write.
  const sites = [site('one'), { ...site('two'), server: sim.url.replace('127.0.0.1', 'localhost') }]
  await writeFile(config, JSON.stringify({ owner: 'BI platform', sites }))
})
afterAll(async () => {
  await sim.close()
  await folder.remove()
})

const failing = (code: string): Writable =>
  new Writable({
    write: (_, __, done) => done(Object.assign(new Error(`${code}: as the system says`), { code })),
  })

test.each([
  ['a reader that went away', 'EPIPE', 0, ''],
  ['a full disk', 'ENOSPC', 1, 'error store-failed: the output cannot be written: ENOSPC'],
])('%s behind the output keeps no site from its night', async (_, code, exit, said) => {
  let err = ''
  const io = {
    out: failing(code),
    err: new Writable({
      write: (chunk, __, done) => {
        err += String(chunk)
        done()
      },
    }),
    env: { PAT: sim.patSecret },
    outColumns: undefined,
    errColumns: undefined,
    onInterrupt: () => () => undefined,
    exit: () => undefined,
  }
  const args = ['nightly', '--config', config, '--date', DAY, '--select', 'groups', '--quiet']
  expect(await main(args, io)).toBe(exit)
  expect(err).toContain(said)
  expect(err).not.toContain('defect')
  for (const slug of ['one', 'two'])
    expect(await readdir(join(folder.path, slug, 'manifest'))).toEqual(['entity=groups'])
})
