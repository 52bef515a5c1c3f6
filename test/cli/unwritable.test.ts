import { readdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { main } from '../../lib/cli/main.ts'
import type { Simulator } from '../../lib/simulator/server.ts'
import { AT_ANY_AGE, almanacProcess, smallSite, temporaryFolder } from './terminal.ts'

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

/** Runs a command whose output cannot be written, of which the first texts are still taken. */
async function unheard(args: readonly string[], code: string, taken = 0, env: Record<string, string> = {}) {
  let [said, left] = ['', taken]
  const io = {
    out: new Writable({
      write: (_, __, done) => {
        left -= 1
        done(left >= 0 ? null : Object.assign(new Error(`${code}: as the system says`), { code }))
      },
    }),
    err: new Writable({
      write: (chunk, __, done) => {
        said += String(chunk)
        done()
      },
    }),
    env: { PAT: sim.patSecret, ...env },
    outColumns: undefined,
    errColumns: undefined,
    onInterrupt: () => () => undefined,
    exit: () => undefined,
  }
  const exit = await main(args, io)
  return { exit, err: said }
}

test.each([
  ['a reader that went away', 'EPIPE', 0, ''],
  ['a full disk', 'ENOSPC', 1, 'error store-failed: the output cannot be written: ENOSPC'],
])('%s behind the output keeps no site from its night', async (_, code, exit, said) => {
  const args = ['nightly', '--config', config, '--date', DAY, '--select', 'groups', '--quiet']
  const { exit: ended, err } = await unheard(args, code)
  expect(ended).toBe(exit)
  expect(err).toContain(said)
  expect(err).not.toContain('defect')
  for (const slug of ['one', 'two'])
    expect(await readdir(join(folder.path, slug, 'manifest'))).toEqual(['entity=groups'])
})

describe('a reader that has enough changes no exit code', () => {
  const place = () => ['--warehouse', join(folder.path, 'one')]
  const SNAPSHOT = 'snapshot/entity=groups/site=one'
  const NOWHERE = { PAT: 'wrong:secret' }

  test.each(['table', 'json', 'csv'])('of status and verify, as %s', async (format) => {
    const as = [...place(), '--output', format]
    // The night is older than yesterday.
    for (const taken of [0, 1]) {
      expect((await unheard(['status', ...as], 'EPIPE', taken)).exit).toBe(3)
      expect((await unheard(['status', ...AT_ANY_AGE, ...as], 'EPIPE', taken)).exit).toBe(0)
      expect((await unheard(['verify', ...as], 'EPIPE', taken)).exit).toBe(0)
    }
    const [snapshot, aside] = [join(folder.path, 'one', SNAPSHOT), join(folder.path, 'aside')]
    await rename(snapshot, aside)
    for (const taken of [0, 1]) {
      const { exit, err } = await unheard(['verify', ...as], 'EPIPE', taken)
      expect([exit, err]).toEqual([1, ''])
    }
    await rename(aside, snapshot)
  })

  test.each([['doctor'], ['discover'], ['nightly', '--date', DAY, '--select', 'users']])(
    'of %s where the sign-in fails',
    async (...words) => {
      const args = [...words, '--config', config, '--site', 'one', '--output', 'json']
      expect((await unheard(args, 'EPIPE', 0, NOWHERE)).exit).toBe(1)
    },
  )

  test('of the real program', async () => {
    const call = almanacProcess(['status', ...place()])
    call.child.stdout.destroy()
    const { exit, err } = await call.ended
    expect([exit, err]).toEqual([3, ''])
  })

  test('and a disk that is full does', async () => {
    const { exit, err } = await unheard(['status', ...place()], 'ENOSPC', 1)
    expect([exit, err]).toEqual([1, expect.stringMatching(/^error store-failed: .*ENOSPC/)])
  })
})
