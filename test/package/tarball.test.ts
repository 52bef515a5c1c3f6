import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type S3Server, startS3 } from '../aws/s3-server.ts'
import { CANARY, REGION } from '../aws/warehouse.ts'
import { record, replay, type Surroundings, steps, timeless } from './quickstart.ts'
import { type Finished, type Running, run, serve } from './run.ts'
import { ROOT } from './sources.ts'

const LONG = 180_000

let folder = ''
let packed: Finished
const at = (...env: Readonly<Record<string, string>>[]) => ({
  cwd: folder,
  env: Object.assign({ npm_config_update_notifier: 'false' }, ...env) as Record<string, string>,
})

/** Long: packs the tarball, and installs it into an empty folder as anybody would. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'almanac-tarball-'))
  packed = await run('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: ROOT })
  const tarball = packed.out.trim().split('\n').at(-1) ?? ''
  const options = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts']
  const installed = await run('npm', ['install', ...options, `./${tarball}`], at())
  if (installed.exit !== 0) throw new Error(`npm install ${tarball}: ${installed.err}`)
}, LONG)
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('the packed tarball, installed into an empty folder', () => {
  test('holds the built file and papers, no sources and no tests', async () => {
    expect(packed.exit).toBe(0)
    const names = await readdir(join(folder, 'node_modules/almanac'))
    expect(names).toEqual(
      expect.arrayContaining([
        'LICENSE',
        'README.md',
        'CHANGELOG.md',
        'almanac.config.schema.json',
        'dist',
        'package.json',
      ]),
    )
    expect(names.filter((name) => ['lib', 'bin', 'test', 'bench', 'node_modules'].includes(name))).toEqual([])
    expect(await readdir(join(folder, 'node_modules/almanac/dist'))).toEqual(['almanac.js'])
  })

  test('npx almanac --help and --version', async () => {
    const help = await run('npx', ['almanac', '--help'], at())
    expect(help.err).toBe('')
    expect(help.out).toContain('Usage: almanac [options] [command]')
    const version = await run('npx', ['almanac', '--version'], at())
    expect(version.out).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})

/** With it the answers are written into the page instead of being held against it. */
const isRecording = process.env['ALMANAC_RECORD'] === 'quickstart'
const [installing, simulating, exporting, ...others] = steps()
const answers = new Map<string, string>()

describe('docs/quickstart.md, from an empty folder', () => {
  let simulator: Running
  let surroundings: Surroundings

  beforeAll(async () => {
    const [, , ...args] = (simulating?.command ?? '').replace('--port 8000', '--port 0').split(' ')
    simulator = serve('node_modules/.bin/almanac', args, at())
    const line = await simulator.line()
    const { url, patSecret } = JSON.parse(line) as Record<string, string>
    const port = new URL(url ?? '').port
    surroundings = { folder, port, env: { TABLEAU_PAT_SECRET: patSecret ?? '' } }
    answers.set(simulating?.command ?? '', line.replace(`:${port}`, ':8000'))
  }, LONG)
  afterAll(async () => {
    await simulator.end()
    if (isRecording) record(answers)
  })

  test('begins with the package, a site and its secret', () => {
    expect(installing?.command).toMatch(/^npm install \.\/almanac-\d+\.\d+\.\d+\.tgz$/)
    expect(simulating?.command).toMatch(/^npx almanac simulator /)
    expect(exporting?.command).toBe('export TABLEAU_PAT_SECRET=…')
    expect(others.map(({ command }) => command.split(' ')[2])).toEqual([
      'init',
      'doctor',
      'discover',
      'nightly',
      'status',
      'query',
      'query',
    ])
  })

  test.each(others)('$command', { timeout: LONG }, async ({ command, answer }) => {
    const { exit, out, err } = await replay(command, surroundings)
    expect(exit, err).toBe(0)
    // Progress is for logs; what init says is its answer.
    const said = command.includes(' init ') ? err : out
    answers.set(command, said)
    if (!isRecording) expect(timeless(said)).toBe(timeless(answer))
  })

  describe('the same configuration, with a bucket for a warehouse', () => {
    let server: S3Server
    let inBucket: (command: string) => Promise<Finished>

    beforeAll(async () => {
      server = await startS3()
      const env = {
        ...surroundings.env,
        AWS_ENDPOINT_URL_S3: server.url,
        AWS_REGION: REGION,
        AWS_ACCESS_KEY_ID: CANARY.accessKeyId,
        AWS_SECRET_ACCESS_KEY: CANARY.secretAccessKey,
        XDG_CACHE_HOME: join(folder, 'cache'),
      }
      const place = `--warehouse s3://${server.bucket}/nights`
      inBucket = (command) => run('sh', ['-c', `npx almanac ${command} ${place}`], at(env))
    })
    // Ends the connections too: a program that had to be cut off would have failed its test by then.
    afterAll(() => server.close())

    test('a night, which ends by itself', { timeout: LONG }, async () => {
      const { exit, out, err } = await inBucket('nightly --select groups,users')
      expect(exit, err).toBe(0)
      expect(out).toMatch(/: 2 of 2 entities complete/)
      expect([...server.objects.keys()]).toEqual(
        expect.arrayContaining([expect.stringMatching(/^nights\/current\/.*users/)]),
      )
    })

    test('and a question', { timeout: LONG }, async () => {
      const counts = 'SELECT (SELECT count(*) FROM users) AS users, (SELECT count(*) FROM groups) AS groups'
      const { exit, out, err } = await inBucket(`query "${counts}" --output csv`)
      expect([exit, err]).toEqual([0, ''])
      expect(out).toBe('users,groups\n300,30\n')
    })
  })
})
