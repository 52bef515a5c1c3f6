import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { diskStore } from '../../lib/adapters/local/store.ts'
import { parseConfiguration } from '../../lib/config/parse.ts'
import { jsonBytes } from '../../lib/core/receipt.ts'
import { ENTITIES } from '../../lib/entities/index.ts'
import { leaseKey } from '../../lib/session/lease-state.ts'
import type { Simulator } from '../../lib/simulator/server.ts'
import { almanac, almanacProcess, smallSite, temporaryFolder } from './terminal.ts'

let sim: Simulator
let folder: Awaited<ReturnType<typeof temporaryFolder>>
let count = 0
beforeAll(async () => {
  folder = await temporaryFolder()
  sim = await smallSite('2026-11-01')
})
afterAll(async () => {
  await sim.close()
  await folder.remove()
})

const newFolder = async (): Promise<string> => {
  const path = join(folder.path, `${count++}`)
  await mkdir(path)
  return path
}
type Flags = Readonly<Record<string, string>>
const init = (more: Flags, env: Flags = {}, ...args: readonly string[]) => {
  const flags = { server: sim.url, 'tableau-site': sim.site, 'pat-name': sim.patName, owner: 'BI', ...more }
  const given = Object.entries(flags).map(([name, value]) => `--${name}=${value}`)
  return almanac(['init', ...given, ...args], { TABLEAU_PAT_SECRET: sim.patSecret, ...env })
}
const read = async (path: string) =>
  parseConfiguration({
    path,
    text: await readFile(path, 'utf8'),
    entities: ENTITIES.map(({ name }) => name),
    cwd: process.cwd(),
  })

describe('a place where no file can be written', () => {
  test.each([
    [
      'a folder that is not there',
      'no/a.json',
      /its folder is not there\nnext: Make the folder \(mkdir -p .*\/no\)/,
    ],
    [
      'a file as its folder',
      'file/a.json',
      /what should be its folder is a file\nnext: Make .*\/file a folder/,
    ],
    ['a folder itself', 'folder', /it is a folder\nnext: .*--config/],
    ['a name that is too long', 'x'.repeat(300), /the system says ENAMETOOLONG\nnext: .*--config/],
  ])('%s is told before the sign-in', async (_, name, message) => {
    const path = await newFolder()
    await mkdir(join(path, 'folder'))
    await writeFile(join(path, 'file'), '')
    const before = sim.counters()['signIns']
    const { exit, err } = await init({ config: join(path, name) })
    expect([exit, err]).toEqual([2, expect.stringMatching(/^error bad-configuration: the configuration /)])
    expect(err).toMatch(message)
    expect(sim.counters()['signIns']).toBe(before)
    expect((await readdir(path)).sort()).toEqual(['file', 'folder'])
  })

  test('an empty name is no name', async () => {
    expect((await init({ config: '' })).err).toMatch(/^error usage: --config is empty/)
  })

  test('a failure to write later is as plain, and leaves nothing half-written', async () => {
    const path = await newFolder()
    await mkdir(join(path, 'almanac.config.schema.json'))
    const { exit, err } = await init({ config: join(path, 'a.json') })
    expect(exit).toBe(2)
    expect(err).toMatch(/error bad-configuration: .*schema\.json cannot be written: it is a folder\nnext: /)
    expect(await readdir(path)).toEqual(['almanac.config.schema.json'])
  })
})

describe('flags that will not do', () => {
  test.each([
    ['server', 'ftp://x'],
    ['server', 'http://tableau.example.com'],
    ['tableau-site', 'a/b'],
    ['pat-name', ''],
    ['secret', 'env:lower'],
    ['secret', 'file:~/x'],
    ['time-zone', 'Berlin/Europe'],
    ['warehouse', 's3://UPPER'],
    ['notify', 'mail=env:HOOK'],
    ['notify', 'slack=env:hook'],
    ['slug', 'No Slug'],
    ['ca-file', 'https://x'],
    ['proxy', 'socks://x'],
  ])('--%s=%s is told by its flag alone', async (flag, value) => {
    const { exit, err } = await init({ config: join(await newFolder(), 'a.json'), [flag]: value })
    expect([exit, err]).toEqual([2, expect.stringMatching(new RegExp(`^error usage: --${flag}:? [^;]*`))])
    expect(err).not.toMatch(/sites\[|a\.json|; --/)
  })

  test('all of them at once, before what is missing', async () => {
    const config = join(await newFolder(), 'a.json')
    const { err } = await almanac(['init', '--config', config, '--time-zone=x', '--slug=A B'])
    expect(err).toMatch(/^error usage: .*--time-zone: "x"/)
    expect(err).toContain('--slug: "A B"')
  })

  test('what only the proxy’s user says is not passed over', async () => {
    const config = join(await newFolder(), 'a.json')
    const { err } = await init({ config, 'proxy-user': 'svc' })
    expect(err).toMatch(/^error usage: --proxy is missing; .*; --proxy-password is missing, /)
  })

  test('what the environment suggests is told by the flag too', async () => {
    const config = join(await newFolder(), 'a.json')
    const { exit, err } = await init({ config }, { TABLEAU_CA_FILE: 'https://x' })
    expect(exit).toBe(2)
    expect(err).toMatch(/^error usage: --ca-file: "https:\/\/x".*\nnext: .*environment/)
  })

  test('a slug that is taken is told by the flag, and by the file that has it', async () => {
    const config = join(await newFolder(), 'a.json')
    await init({ config })
    const { err } = await init({ config, server: 'https://other.example.com' })
    expect(err).toMatch(/^error usage: --slug: "demo" is the slug of another site in .*a\.json/)
  })

  test('a file with the mark that editors on Windows begin it with takes a site more', async () => {
    const config = join(await newFolder(), 'a.json')
    await init({ config })
    await writeFile(config, `\uFEFF${await readFile(config, 'utf8')}`)
    const more = { config, server: 'https://other.example.com', slug: 'other' }
    expect((await init(more, {}, '--unchecked')).exit).toBe(0)
    expect((await read(config)).sites.map(({ slug }) => slug)).toEqual(['demo', 'other'])
  })
})

describe('paths', () => {
  test('typed in the working folder mean the same in a file elsewhere', async () => {
    const path = await newFolder()
    const config = join(path, 'a.json')
    const secret = join(relative('', path), 'secret.txt')
    await writeFile(secret, sim.patSecret)
    const { exit, err } = await init(
      {
        config,
        secret: `file:${secret}`,
        warehouse: 'some/warehouse',
        notify: 'json=file:some/hook',
        'proxy-password': 'file:some/password',
        'proxy-user': 'svc',
        proxy: 'http://proxy.example.com:3128',
      },
      {},
      '--unchecked',
    )
    expect(exit, err).toBe(0)
    expect((await read(config)).sites[0]).toMatchObject({
      signIn: { secret: { file: resolve(secret) } },
      warehouse: resolve('some/warehouse'),
      notify: [{ kind: 'json', url: { file: resolve('some/hook') } }],
      proxy: { password: { file: resolve('some/password') } },
    })
    expect(await readFile(config, 'utf8')).toContain('"file": "secret.txt"')
  })

  test.each([
    ['its flag', { 'ca-file': 'some/ca.pem' }, {}],
    ['the environment', {}, { TABLEAU_CA_FILE: 'some/ca.pem' }],
  ])('the CA file of %s is the one in the working folder', async (_, flags, env) => {
    const config = join(await newFolder(), 'a.json')
    expect((await init({ config, ...flags }, env, '--unchecked')).exit).toBe(0)
    expect((await read(config)).sites[0]?.caFile).toBe(resolve('some/ca.pem'))
  })

  test('an absolute path stays, and the usual warehouse is beside the file', async () => {
    const config = join(await newFolder(), 'a.json')
    await init({ config, 'ca-file': '/etc/ca.pem' }, {}, '--unchecked')
    const { warehouse, sites } = JSON.parse(await readFile(config, 'utf8'))
    expect([warehouse, sites[0].caFile]).toEqual(['./warehouse', '/etc/ca.pem'])
  })
})

describe('ALMANAC_CONFIG', () => {
  test('names the file, and the next commands with it', async () => {
    const config = join(await newFolder(), 'named.json')
    const { exit, err } = await init({}, { ALMANAC_CONFIG: config })
    expect(exit, err).toBe(0)
    expect(err).toContain(`almanac doctor --config ${config}`)
    expect((await read(config)).sites).toHaveLength(1)
  })

  test('gives way to --config', async () => {
    const path = await newFolder()
    await init({ config: join(path, 'flag.json') }, { ALMANAC_CONFIG: join(path, 'variable.json') })
    expect((await readdir(path)).sort()).toEqual(['almanac.config.schema.json', 'flag.json'])
  })
})

test('a night that runs by the same token is not ended: init says who holds it, and signs in nowhere', async () => {
  const path = await newFolder()
  const store = diskStore(join(path, 'warehouse'))
  const key = leaseKey({ host: new URL(sim.url).host, name: sim.patName })
  await store.write(key, jsonBytes({ format: 1, holder: 'nightly-7', beat: 3 }), 'absent')
  const before = sim.counters()['signIns'] ?? 0
  const { exit, err } = await init({ config: join(path, 'a.json') })
  expect(exit).toBe(1)
  expect(err).toMatch(/^error lease-busy: run nightly-7 holds this token’s session/)
  expect(sim.counters()['signIns'] ?? 0).toBe(before)
  expect(await readdir(path)).toEqual(['warehouse'])
})

test('where the machine names no zone, days are UTC’s', async () => {
  const config = join(await newFolder(), 'a.json')
  const given = { server: sim.url, 'tableau-site': sim.site, 'pat-name': sim.patName, owner: 'BI', config }
  const flags = Object.entries(given).map(([name, value]) => `--${name}=${value}`)
  const env = { TABLEAU_PAT_SECRET: sim.patSecret, TZ: '' }
  const { exit, err } = await almanacProcess(['init', ...flags], env).ended
  expect(exit, err).toBe(0)
  expect((await read(config)).sites[0]?.timeZone).toBe('UTC')
})
