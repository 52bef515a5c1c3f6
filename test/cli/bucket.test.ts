import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { COMMANDS } from '../../lib/cli/commands.ts'
import type { Simulator } from '../../lib/simulator/server.ts'
import { ACCESS_DENIED } from '../aws/faults.ts'
import { type S3Server, startS3 } from '../aws/s3-server.ts'
import { CANARY, REGION } from '../aws/warehouse.ts'
import { almanac, environmentOf, everything, linesOf, smallSite, temporaryFolder } from './terminal.ts'

const DAYS = ['2026-11-01', '2026-11-02', '2026-11-03'] as const
const BUCKET = 's3://warehouse/tableau/nights'
/** Commands that take no --warehouse. */
const WITHOUT = ['parse', 'simulator']

let sim: Simulator
let server: S3Server
let folder: Awaited<ReturnType<typeof temporaryFolder>>
let env: Record<string, string>
const used = new Set<string>()

/** A command on the bucket, and the same one on a folder. */
const inBucket = (...args: readonly string[]) => {
  used.add(args[0] ?? '')
  return almanac([...args, '--warehouse', BUCKET], env)
}
const onDisk = (...args: readonly string[]) =>
  almanac([...args, '--warehouse', join(folder.path, 'disk')], env)

/** Long: three nights of the same site into both, the last of them without most of its workbooks. */
beforeAll(async () => {
  folder = await temporaryFolder()
  sim = await smallSite(DAYS[0])
  server = await startS3({ pageSize: 100 })
  // AWS's own library reads the process's environment.
  vi.stubEnv('AWS_ENDPOINT_URL_S3', server.url)
  vi.stubEnv('AWS_REGION', REGION)
  vi.stubEnv('AWS_ACCESS_KEY_ID', CANARY.accessKeyId)
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', CANARY.secretAccessKey)
  env = {
    ...environmentOf(sim),
    AWS_ENDPOINT_URL_S3: server.url,
    AWS_REGION: REGION,
    XDG_CACHE_HOME: join(folder.path, 'cache'),
  }
  for (const day of DAYS) {
    sim.setDay(day)
    if (day === DAYS[2]) sim.faults.set([{ kind: 'shrink', fraction: 0.3, match: { endpoint: 'workbooks' } }])
    const exits = [await inBucket('nightly', '--date', day), await onDisk('nightly', '--date', day)]
    expect(exits.map(({ exit }) => exit)).toEqual(day === DAYS[2] ? [3, 3] : [0, 0])
  }
  sim.faults.clear()
}, 60_000)
afterAll(async () => {
  vi.unstubAllEnvs()
  await server.close()
  await sim.close()
  await folder.remove()
})

/** An answer without what no two runs share: a candidate is named after its run, too. */
const timeless = (text: string): string =>
  text
    .replaceAll(/\d{8}T\d{6}Z-[0-9a-f]{6}/g, 'RUN')
    .replaceAll(/[0-9a-f]{64}|(?<=--sha )[0-9a-f]{12}/g, 'HASH')
    .replaceAll(BUCKET, 'W')
    .replaceAll(join(folder.path, 'disk'), 'W')

describe('every command on a bucket', () => {
  test.each([
    ['status', []],
    ['status', ['--output', 'json']],
    ['verify', []],
    ['query', ['SELECT * FROM users ORDER BY id', '--output', 'csv']],
    ['query', [`SELECT count(*) FROM workbooks_at(DATE '${DAYS[0]}')`]],
    ['query', ['SELECT * EXCLUDE (observed_at) FROM jobs ORDER BY id', '--output', 'csv']],
    ['query', ['SELECT * FROM view_usage ORDER BY ALL', '--output', 'csv']],
    [
      'query',
      ['SELECT entity, verdict, count(*) FROM run_entities GROUP BY ALL ORDER BY ALL', '--output', 'csv'],
    ],
    ['history', ['groups', 'All Users']],
    ['diff', [DAYS[0], DAYS[1], '--output', 'csv']],
    ['load', ['--rebuild', '--select', 'groups']],
  ])('%s %j answers as on a folder', async (command, args) => {
    const [bucket, disk] = [await inBucket(command, ...args), await onDisk(command, ...args)]
    expect(timeless(bucket.err)).toBe(timeless(disk.err))
    expect(timeless(bucket.out)).toBe(timeless(disk.out))
    expect(bucket.exit).toBe(disk.exit)
  })

  test('accept and withdraw', async () => {
    const status = JSON.parse((await inBucket('status', '--output', 'json')).out)
    const held = status.find(({ entity }: { entity: string }) => entity === 'workbooks').held[0]
    expect((await inBucket('accept', 'workbooks', '--sha', held.candidate)).exit).toBe(0)
    expect((await inBucket('withdraw', 'workbooks', '--date', DAYS[2], '--reason', 'a test')).exit).toBe(0)
    const { out } = await inBucket('query', `SELECT count(*) AS n FROM workbooks`, '--output', 'csv')
    expect(out).toMatch(/^n\n\d+\n$/)
  })

  test('extract, then load', async () => {
    expect((await inBucket('extract', '--date', DAYS[2], '--select', 'views')).exit).toBe(0)
    expect((await inBucket('load', '--select', 'views')).exit).toBe(0)
  })

  test('doctor proves that one writer wins, and leaves nothing behind', async () => {
    const before = [...server.objects.keys()].sort()
    const { out } = await inBucket('doctor')
    expect(out).toMatch(
      /✓ warehouse .*s3:\/\/warehouse\/tableau\/nights can be written to, and lets one writer win/,
    )
    expect([...server.objects.keys()].sort()).toEqual(before)
  })

  test('init writes the bucket into the file, and the next command goes there', async () => {
    const config = join(folder.path, 'bucket.json')
    const asked = ['--server', sim.url, '--tableau-site', sim.site, '--pat-name', sim.patName]
    const { exit, err } = await inBucket('init', '--config', config, ...asked, '--owner', 'BI platform')
    expect(exit, err).toBe(0)
    const [named, found] = [await inBucket('status'), await almanac(['status', '--config', config], env)]
    expect(found.out.split('\n').slice(0, 3)).toEqual(named.out.split('\n').slice(0, 3))
    expect(found.out).toMatch(new RegExp(`^${sim.site} +users +${DAYS[2]} `, 'm'))
  })

  test('demo, into a place of its own', async () => {
    used.add('demo')
    const place = ['--warehouse', 's3://warehouse/demo']
    const { exit, err } = await almanac(['demo', '--nights', '1', ...place], env)
    expect(exit, err).toBe(0)
    expect(err).toMatch(/1 night from .*, into s3:\/\/warehouse\/demo\n/)
    const { out } = await almanac(
      ['query', 'SELECT DISTINCT site FROM users', '--output', 'csv', ...place],
      env,
    )
    expect(out).toBe('site\ndemo\n')
  })

  test('discover', async () => {
    expect((await inBucket('discover')).exit).toBe(0)
  })

  test('query --duckdb leaves a database over copies beside it', async () => {
    const file = join(folder.path, 'almanac.duckdb')
    const { exit, err } = await inBucket('query', '--duckdb', file)
    expect([exit, err]).toEqual([0, expect.stringContaining('run it again after later nights')])
    const instance = await DuckDBInstance.create(file)
    const connection = await instance.connect()
    const rows = await (await connection.runAndReadAll('SELECT count(*)::INTEGER FROM users')).getRows()
    const { out } = await inBucket('query', 'SELECT count(*) FROM users', '--output', 'csv')
    expect(rows).toEqual([[Number(linesOf(out)[1])]])
    connection.disconnectSync()
    instance.closeSync()
    expect(await readdir(`${file}.objects`)).toContain('current')
  })

  test('query --duckdb names an object of the bucket that is damaged, and leaves no database', async () => {
    const [key, whole] = [...server.objects].find(([each]) => each.includes('snapshot/entity=users/')) ?? []
    if (key === undefined || whole === undefined) throw new Error('there is no snapshot of users')
    server.objects.set(key, { ...whole, body: whole.body.map((byte, i) => (i === 9 ? byte ^ 16 : byte)) })
    // A copy in the cache would answer for the damaged object, and rightly: this one has none.
    const fresh = { ...env, XDG_CACHE_HOME: join(folder.path, 'fresh') }
    const file = join(folder.path, 'damaged.duckdb')
    const { exit, err } = await almanac(['query', '--duckdb', file, '--warehouse', BUCKET], fresh)
    server.objects.set(key, whole)
    expect([exit, err]).toEqual([1, expect.stringMatching(/^error corrupt-object/)])
    expect(err).toContain(`s3://warehouse/${key} is damaged`)
    expect(await readdir(folder.path)).not.toContain('damaged.duckdb')
  })

  test('were all tried', () => {
    const names = COMMANDS.map(({ name }) => name).filter((name) => !WITHOUT.includes(name))
    expect(names.filter((name) => !used.has(name))).toEqual([])
  })
})

describe('a bucket that cannot be used', () => {
  test('that is empty has no warehouse yet', async () => {
    const { exit, err } = await almanac(['status', '--warehouse', 's3://warehouse/elsewhere'], env)
    expect([exit, err]).toEqual([
      2,
      expect.stringMatching(/^error not-found: there is no warehouse at s3:\/\/warehouse\/elsewhere\n/),
    ])
  })

  test('that is not there is named', async () => {
    const { exit, err } = await almanac(['status', '--warehouse', 's3://nowhere/at-all'], env)
    expect(exit).toBe(1)
    expect(err).toMatch(
      /^error store-failed: s3:\/\/nowhere\/at-all.*NoSuchBucket.*\nnext: Create the bucket/,
    )
  })

  test('that may not be read says which permissions', async () => {
    server.faults.set(() => ACCESS_DENIED)
    const { exit, err } = await inBucket('status')
    server.faults.clear()
    expect(exit).toBe(1)
    expect(err).toMatch(/AccessDenied.*\nnext: Allow s3:GetObject/)
  })

  test.each(['s3://', 's3://UPPER/x', 's3://bucket/../x'])('"%s" is no address', async (address) => {
    const { exit, err } = await almanac(['status', '--warehouse', address], env)
    expect([exit, err]).toEqual([2, expect.stringMatching(/^error usage: --warehouse "s3:\/\//)])
  })
})

test('no credential was shown', () => {
  for (const secret of Object.values(CANARY)) expect(everything.join('')).not.toContain(secret)
})
