import { existsSync, readFileSync } from 'node:fs'
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, posix } from 'node:path'
import { validate } from 'dockerfile-utils'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { COMMANDS } from '../../lib/cli/commands.ts'
import { processIo } from '../../lib/cli/io.ts'
import { programOf } from '../../lib/cli/program.ts'
import type { SiteConfiguration } from '../../lib/config/configuration.ts'
import { SITE_VARIABLES } from '../../lib/config/environment.ts'
import { parseConfiguration } from '../../lib/config/parse.ts'
import { ERRORS } from '../../lib/core/errors.ts'
import { ENTITIES } from '../../lib/entities/index.ts'
import { run, serve } from '../package/run.ts'
import { ROOT } from '../package/sources.ts'

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')
const dockerfile = read('Dockerfile')
const page = read('docs/running.md')
// Files of our own, written by npm: their shape is npm's.
const manifest = JSON.parse(read('package.json')) as {
  readonly bin: Readonly<Record<string, string>>
  readonly dependencies: Readonly<Record<string, string>>
}

interface Instruction {
  readonly name: string
  readonly text: string
}
const instructionsOf = (text: string): readonly Instruction[] =>
  text
    .replace(/^\s*#.*\n/gm, '')
    .replace(/\\\n\s*/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => ({ name: line.split(' ')[0] ?? '', text: line.slice(line.indexOf(' ') + 1).trim() }))
const textsOf = (all: readonly Instruction[], ...names: readonly string[]): readonly string[] =>
  all.filter(({ name }) => names.includes(name)).map(({ text }) => text)
/** What an instruction in exec form runs. */
const wordsOf = (text: string): readonly string[] => {
  const words: unknown = JSON.parse(text)
  return Array.isArray(words) ? words.map(String) : []
}

/** Rules of our own: what breaks each, and an example that does. */
const RULES: readonly {
  readonly name: string
  readonly bad: string
  breaks(all: readonly Instruction[]): readonly string[]
}[] = [
  {
    name: 'all stages stand on Node in one exact version',
    bad: 'FROM node:24.22.1-bookworm-slim AS build\nFROM node:24.22.2-bookworm-slim\nUSER 1000:1000',
    breaks: (all) => {
      const isPinned = (text: string): boolean => /^node:\d+\.\d+\.\d+-bookworm-slim( AS \w+)?$/.test(text)
      const images = textsOf(all, 'FROM')
      const others = [...new Set(images.map((text) => text.split(' ')[0] ?? ''))].slice(1)
      return [...images.filter((text) => !isPinned(text)), ...others]
    },
  },
  {
    name: 'the last user is a number that is not root',
    bad: 'FROM node:24.22.1-bookworm-slim\nUSER 1000\nUSER 0:0',
    breaks: (all) =>
      [textsOf(all, 'USER').at(-1) ?? 'none'].filter((user) => !/^[1-9]\d*:[1-9]\d*$/.test(user)),
  },
  {
    name: 'nothing is fetched from a host that is named',
    bad: 'ADD https://example.com/x /x',
    breaks: (all) =>
      all.filter(({ name, text }) => name === 'ADD' || /https?:/.test(text)).map(({ text }) => text),
  },
  {
    name: 'no shell runs',
    bad: 'RUN curl -s https://example.com/x.sh | sh',
    breaks: (all) => textsOf(all, 'RUN', 'ENTRYPOINT', 'CMD').filter((text) => !/^\[".*"\]$/.test(text)),
  },
  {
    name: 'nothing secret is built in',
    bad: 'ARG NPM_TOKEN',
    breaks: (all) =>
      textsOf(all, 'ENV', 'ARG').filter((text) => /secret|token|passw|key|credential/i.test(text)),
  },
  {
    name: 'stages take from stages alone',
    bad: 'FROM node:24.22.1-bookworm-slim AS build\nCOPY --from=busybox:latest /bin/sh /bin/sh',
    breaks: (all) => {
      const stages = textsOf(all, 'FROM').map((text) => text.split(' AS ')[1])
      return textsOf(all, 'COPY').filter((text) => {
        const [, from] = /--from=(\S+)/.exec(text) ?? []
        return from !== undefined && !stages.includes(from)
      })
    },
  },
]
describe('the Dockerfile', () => {
  const all = instructionsOf(dockerfile)

  test('is valid', () => expect(validate(dockerfile)).toEqual([]))
  test('the linter would find a mistake', () =>
    expect(validate('FROM a b c\nRUM x\n').length).toBeGreaterThan(1))
  test.each(RULES)('$name', ({ breaks }) => expect(breaks(all)).toEqual([]))
  test.each(RULES)('a breach would be found: $name', ({ breaks, bad }) =>
    expect(breaks(instructionsOf(bad))).not.toEqual([]),
  )
  test('installs what package-lock.json says, and runs no scripts of packages', () => {
    const install = textsOf(all, 'RUN').filter((text) => text.includes('"npm"'))
    expect(install).toHaveLength(1)
    expect(wordsOf(install[0] ?? '[]')).toEqual(
      expect.arrayContaining(['ci', '--omit=dev', '--ignore-scripts']),
    )
    expect(manifest.dependencies).toHaveProperty('esbuild')
  })
})

/** Whether .dockerignore, which shuts everything out but what it names, lets a path in. */
const letIn = (path: string): boolean =>
  read('.dockerignore')
    .split('\n')
    .some((line) => line.startsWith('!') && (path === line.slice(1) || path.startsWith(`${line.slice(1)}/`)))
const fromContext = textsOf(instructionsOf(dockerfile), 'COPY')
  .filter((text) => !text.startsWith('--from='))
  .flatMap((text) => text.split(/\s+/).slice(0, -1))

describe('.dockerignore', () => {
  test('shuts everything out before it lets anything in', () => {
    const rules = read('.dockerignore')
      .split('\n')
      .filter((line) => /^[^#]/.test(line))
    expect(rules[0]).toBe('*')
    expect(rules.slice(1).filter((rule) => !/^![\w.-]+$/.test(rule))).toEqual([])
  })
  test.each(fromContext)('%s is in the repository, and let in', (path) => {
    expect(existsSync(join(ROOT, path))).toBe(true)
    expect(letIn(path)).toBe(true)
  })
  test.each([
    '.git/config',
    '.npmrc',
    '.env',
    'almanac.config.json',
    'warehouse/site/a.json',
    'node_modules/x',
  ])('%s stays out', (path) => expect(letIn(path)).toBe(false))
})

/** Where in `image` a path of a stage is: each stage has a root folder of its own. */
const inStage = (image: string, stage: string, workdir: string, path: string): string =>
  join(image, stage, posix.resolve(workdir, path))

interface Stage {
  readonly image: string
  readonly name: string
  readonly workdir: string
}

async function copy(text: string, { image, name, workdir }: Stage): Promise<void> {
  const [, from] = /^--from=(\S+)/.exec(text) ?? []
  const paths = text.split(/\s+/).slice(from === undefined ? 0 : 1)
  const to = paths.at(-1) ?? ''
  for (const path of paths.slice(0, -1)) {
    const source = from === undefined ? join(ROOT, path) : inStage(image, from, '/', path)
    // Several files, or a target that ends in a slash: into that folder.
    const target = to.endsWith('/') ? posix.join(to, posix.basename(path)) : to
    await cp(source, inStage(image, name, workdir, target), { recursive: true, dereference: true })
  }
}

/** Does what a RUN does; the installed packages of this clone stand in for those that npm would fetch. */
async function runIn(text: string, stage: Stage): Promise<void> {
  const [program = '', ...args] = wordsOf(text)
  const cwd = inStage(stage.image, stage.name, stage.workdir, '.')
  if (program === 'npm') return symlink(join(ROOT, 'node_modules'), join(cwd, 'node_modules'))
  if (program === 'install') {
    for (const path of args.filter((arg) => arg.startsWith('/')))
      await mkdir(inStage(stage.image, stage.name, '/', path), { recursive: true })
    return
  }
  if (program !== 'node') throw new Error(`the test does not know RUN ${text}`)
  const { exit, err } = await run(process.execPath, args, { cwd })
  if (exit !== 0) throw new Error(`RUN ${text} ended with ${exit}: ${err}`)
}

/** Builds the image below a folder, instruction by instruction; answers the folder of its last stage. */
async function build(image: string): Promise<string> {
  let stage: Stage = { image, name: '', workdir: '/' }
  for (const { name, text } of instructionsOf(dockerfile)) {
    if (name === 'FROM') stage = { image, name: text.split(' AS ')[1] ?? 'last', workdir: '/' }
    if (name === 'WORKDIR') stage = { ...stage, workdir: posix.resolve(stage.workdir, text) }
    await mkdir(inStage(image, stage.name, stage.workdir, '.'), { recursive: true })
    if (name === 'COPY') await copy(text, stage)
    if (name === 'RUN') await runIn(text, stage)
  }
  return join(image, stage.name)
}

describe('what the Dockerfile copies is enough', () => {
  let image = ''
  let root = ''
  const entrypoint = wordsOf(textsOf(instructionsOf(dockerfile), 'ENTRYPOINT')[0] ?? '[]')
  const command = wordsOf(textsOf(instructionsOf(dockerfile), 'CMD')[0] ?? '[]')
  const almanac = (...args: readonly string[]) =>
    run(process.execPath, [join(root, entrypoint[1] ?? ''), ...args], { cwd: join(root, 'work') })

  beforeAll(async () => {
    image = await mkdtemp(join(tmpdir(), 'almanac-image-'))
    root = await build(image)
  }, 180_000)
  afterAll(() => rm(image, { recursive: true, force: true }))

  test('to start, without sources or other packages', async () => {
    expect(existsSync(join(root, 'app/lib'))).toBe(false)
    expect(existsSync(join(root, 'app/node_modules/esbuild'))).toBe(false)
    expect(entrypoint[0]).toBe('node')
    expect(await almanac('--version')).toMatchObject({ exit: 0, err: '' })
  })

  test('every package that the engine declares is there', () => {
    const dependenciesOf = (name: string): readonly string[] => {
      const { dependencies = {} } = JSON.parse(
        readFileSync(join(root, 'app/node_modules', name, 'package.json'), 'utf8'),
      ) as { readonly dependencies?: Readonly<Record<string, string>> }
      return [name, ...Object.keys(dependencies).flatMap(dependenciesOf)]
    }
    expect(dependenciesOf('@duckdb/node-api').length).toBeGreaterThan(2)
  })

  test('for a night, with configuration and secret mounted, and for a question', async () => {
    const today = new Date().toISOString().slice(0, 10)
    const counts = ['--users', '12', '--groups', '3', '--projects', '4', '--workbooks', '9', '--views', '20']
    const built = join(root, entrypoint[1] ?? '')
    const simulator = serve(process.execPath, [built, 'simulator', '--day', today, ...counts], {
      cwd: join(root, 'work'),
    })
    const { url, site, patName, patSecret } = JSON.parse(await simulator.line()) as Record<string, string>
    const secret = join(root, 'run/secrets/tableau_pat')
    await mkdir(dirname(secret), { recursive: true })
    await writeFile(secret, `${patSecret}\n`)
    const signIn = { kind: 'pat', name: patName, secret: { file: secret } }
    await writeFile(
      join(root, 'work/almanac.config.json'),
      JSON.stringify({ owner: 'the tests', sites: [{ server: url, site, slug: 'small', signIn }] }),
    )
    const night = await almanac(...command, '--quiet').finally(() => simulator.end())
    expect(night.err).toBe('')
    expect(night.exit).toBe(0)
    expect(night.out).toContain(`${ENTITIES.length} of ${ENTITIES.length} entities complete`)
    const asked = await almanac('query', '--output', 'csv', 'SELECT count(*) AS users FROM users')
    expect(asked).toEqual({ exit: 0, out: 'users\n12\n', err: '' })
    expect(existsSync(join(root, 'work/warehouse/manifest'))).toBe(true)
  })
})

interface Snippet {
  readonly language: string
  readonly text: string
  /** The heading that it stands under. */
  readonly heading: string
}
const snippets: readonly Snippet[] = page.split(/^## /m).flatMap((section) =>
  [...section.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language = '', text = '']) => ({
    language,
    text,
    heading: section.slice(0, section.indexOf('\n')),
  })),
)
const written = (language: string, under?: string): readonly Snippet[] =>
  snippets.filter((each) => each.language === language && (under ?? each.heading) === each.heading)
const linesOf = ({ text }: Snippet): readonly string[] =>
  text
    .replace(/\\\n\s*/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '')

test('every snippet is of a kind that is looked at below', () => {
  expect(snippets.length).toBeGreaterThan(10)
  expect([...new Set(snippets.map(({ language }) => language))].sort()).toEqual([
    'crontab',
    'ini',
    'json',
    'sh',
    'yaml',
  ])
})

/** Calls of Almanac, however it is started: what follows `almanac`, `almanac.js` or the image, up to the shell's next word. */
const callsIn = (text: string): readonly string[] =>
  [...text.matchAll(/(?:^|[\s`/])almanac(?:\.js|:\d[\d.]*)? ([a-z]+(?: [-\w$./:@]+)*)/g)].map(
    ([, call = '']) => call,
  )
/** What the parser of the command line has against a call; undefined when it takes it. Nothing runs. */
async function objection(words: readonly string[]): Promise<string | undefined> {
  const tried = COMMANDS.map((command) => ({ ...command, run: async () => 0 }))
  const program = programOf(tried, processIo(), () => undefined)
  return program.parseAsync([...words], { from: 'user' }).then(
    () => undefined,
    (thrown: unknown) => String(thrown),
  )
}
const inText = page.replace(/^```[\s\S]*?^```$/gm, '').match(/`[^`]+`/g) ?? []
const calls = [...snippets.filter(({ language }) => language !== 'json').flatMap(linesOf), ...inText].flatMap(
  callsIn,
)

describe('calls of Almanac', () => {
  test('there are some, each way', () => expect(calls.length).toBeGreaterThan(8))
  test.each(calls)('almanac %s', async (call) => expect(await objection(call.split(' '))).toBeUndefined())
  test.each(['nightli', 'nightly --confg x', 'status extra', 'nightly --config'])(
    'almanac %s would be found',
    async (call) => expect(await objection(call.split(' '))).toBeDefined(),
  )
})

const RANGES = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 7],
] as const
/** Whether five fields of cron name times that there are. */
const isCron = (text: string): boolean => {
  const fields = text.split(' ')
  return (
    fields.length === 5 &&
    RANGES.every(([least, most], i) =>
      (fields[i] ?? '')
        .split(',')
        .every((part) => part === '*' || (/^\d+$/.test(part) && +part >= least && +part <= most)),
    )
  )
}

describe('times', () => {
  const [crontab] = written('crontab')
  const jobs = (crontab === undefined ? [] : linesOf(crontab)).filter((line) => !/^[A-Z]+=\S+$/.test(line))
  const inYaml = written('yaml').flatMap(({ text }) => [...text.matchAll(/(?:cron|schedule): "(.*)"/g)])
  const all = [
    ...jobs.map((line) => line.split(' ').slice(0, 5).join(' ')),
    ...inYaml.map(([, text = '']) => text),
  ]

  test('three schedulers of this kind', () => expect(all).toHaveLength(3))
  test.each(all)('%s is a time of cron', (text) => expect(isCron(text)).toBe(true))
  test.each(['15 1 * *', '60 1 * * *', '15 24 * * *', 'x 1 * * *'])('%s would be found', (text) =>
    expect(isCron(text)).toBe(false),
  )
  test('the timer names the same times, in a zone that there is', () => {
    const found = [...page.matchAll(/^OnCalendar=\*-\*-\* (\d\d):(\d\d):00 (\S+)$/gm)]
    expect(found.map(([, hour, minute]) => `${Number(minute)} ${Number(hour)}`)).toEqual(['15 1', '15 5'])
    for (const [, , , zone] of found)
      expect(() => new Intl.DateTimeFormat('en', { timeZone: zone })).not.toThrow()
  })
})

/** Sections of units and their keys, of the manual pages systemd.unit, .service, .exec, .kill and .timer. */
const UNIT_KEYS: Readonly<Record<string, string>> = {
  Unit: 'Description Wants After OnFailure',
  Service: `Type ExecStart User StateDirectory CacheDirectory Environment LoadCredential TimeoutStopSec UMask
    ProtectSystem ProtectHome PrivateTmp PrivateDevices NoNewPrivileges CapabilityBoundingSet ProtectKernelTunables
    ProtectKernelModules ProtectControlGroups RestrictAddressFamilies RestrictSUIDSGID LockPersonality
    SystemCallFilter SystemCallErrorNumber`,
  Timer: 'OnCalendar Persistent',
  Install: 'WantedBy',
}
/** The lines of a unit that are no section, and no known key of theirs. */
function strangeLines(text: string): readonly string[] {
  let section = ''
  return text.split('\n').filter((line) => {
    const [, opened] = /^\[(\w+)\]$/.exec(line) ?? []
    section = opened ?? section
    if (line === '' || (opened !== undefined && UNIT_KEYS[opened] !== undefined)) return false
    const [, key = '?'] = /^(\w+)=/.exec(line) ?? []
    return !(UNIT_KEYS[section] ?? '').split(/\s+/).includes(key)
  })
}

describe('systemd', () => {
  const [service = '', timer = ''] = written('ini', 'systemd').map(({ text }) => text)
  test('units have sections and keys that there are', () => {
    expect([...strangeLines(service), ...strangeLines(timer)]).toEqual([])
    expect(strangeLines('[Sevice]\nUser=a\n[Unit]\nUser=a\nDescription=b\n')).toEqual([
      '[Sevice]',
      'User=a',
      'User=a',
    ])
  })
  test('the service starts what the install made, and its timer is enabled', () => {
    const [, started] = /^ExecStart=(\S+)/m.exec(service) ?? []
    const linked = `ln -s /opt/almanac/${manifest.bin['almanac']} ${started}`
    expect(written('sh', 'On a machine').flatMap(linesOf)).toContain(linked)
    expect(written('sh', 'systemd').flatMap(linesOf)).toContain('systemctl enable --now almanac.timer')
  })
})

const ofSites = written('json').filter(({ heading }) => heading !== 'A warehouse in S3')
const configurations = ofSites.map(({ text, heading }) => ({
  heading,
  sites: parseConfiguration({
    path: heading === 'Docker' ? '/work/almanac.config.json' : '/etc/almanac/almanac.config.json',
    text,
    entities: ENTITIES.map(({ name }) => name),
    cwd: '/',
  }).sites,
}))
const siteUnder = (heading: string): SiteConfiguration | undefined =>
  configurations.find((each) => each.heading === heading)?.sites[0]
const filesOf = (site: SiteConfiguration | undefined): readonly string[] => {
  const secret = site?.signIn.kind === 'pat' ? [site.signIn.secret] : []
  return [...secret, ...(site?.notify ?? []).map(({ url }) => url)].flatMap((each) =>
    'file' in each ? [each.file] : [],
  )
}

describe('configurations', () => {
  test('one for a machine, one for systemd, one for Docker', () =>
    expect(configurations.map(({ heading }) => heading)).toEqual(['On a machine', 'systemd', 'Docker']))

  test('systemd loads the files that its configuration names', () => {
    const [service = ''] = written('ini', 'systemd').map(({ text }) => text)
    const loaded = [...service.matchAll(/^LoadCredential=(\w+):(\S+)$/gm)]
    const copies = loaded.map(([, id]) => `/run/credentials/almanac.service/${id}`)
    expect(copies).toEqual(filesOf(siteUnder('systemd')))
    expect(loaded.map(([, , file]) => file)).toEqual(filesOf(siteUnder('On a machine')))
  })

  test.each(['On a machine', 'systemd'])('%s: the warehouse lies where the service may write', (heading) => {
    const [, folder] = /^StateDirectory=(\w+)$/m.exec(page) ?? []
    expect(siteUnder(heading)?.warehouse).toBe(`/var/lib/${folder}/warehouse`)
  })

  test('Docker mounts the configuration, its secret and its warehouse', () => {
    const [line = ''] = written('sh', 'Docker').flatMap(linesOf)
    const mounted = [...line.matchAll(/--volume [^:\s]+:([^:\s]+)/g)].map(([, target]) => target)
    const site = siteUnder('Docker')
    expect(mounted).toEqual(['/work/almanac.config.json', ...filesOf(site), site?.warehouse])
    const made = textsOf(instructionsOf(dockerfile), 'RUN').flatMap(wordsOf)
    expect(made).toContain(site?.warehouse)
  })
})

/** The lines of a YAML text that are no entry, or stand deeper than what they could belong to. */
const strangeYaml = (text: string): readonly string[] =>
  text.split('\n').filter((line, i, lines) => {
    if (line === '') return false
    const indent = (of: string): number => of.length - of.trimStart().length
    const before = lines[i - 1] ?? ''
    const opened = /:$/.test(before) ? indent(before.replace(/^(\s*)- /, '$1  ')) + 2 : indent(before)
    const isDeeper =
      i > 0 && indent(line) > (/^\s*- /.test(before) && !/:$/.test(before) ? opened + 2 : opened)
    return isDeeper || indent(line) % 2 === 1 || !/^ *(- )?[\w-]+:( \S.*)?$|^ *- \S+$/.test(line)
  })
const topKeys = (text: string): readonly string[] =>
  [...text.matchAll(/^([\w-]+):/gm)].map(([, key = '']) => key)

describe('YAML', () => {
  const [cronJob = ''] = written('yaml', 'Kubernetes').map(({ text }) => text)
  const [workflow = ''] = written('yaml', 'GitHub Actions').map(({ text }) => text)

  test('is indented as YAML is', () => {
    expect([...strangeYaml(cronJob), ...strangeYaml(workflow)]).toEqual([])
    expect(strangeYaml('a:\n   b: c\nd\n\te: f\ng: h\n  i: j\n')).toEqual([
      '   b: c',
      'd',
      '\te: f',
      '  i: j',
    ])
  })

  test('the CronJob has its parts, and gives the image what its command line takes', async () => {
    expect(topKeys(cronJob)).toEqual(['apiVersion', 'kind', 'metadata', 'spec'])
    const [, args = ''] = /args: \[(.*)\]/.exec(cronJob) ?? []
    expect(await objection(args.split(', '))).toBeUndefined()
  })

  test('the workflow has its parts, pins its actions, and builds as the Dockerfile does', () => {
    expect(topKeys(workflow)).toEqual(['name', 'on', 'permissions', 'concurrency', 'jobs'])
    const uses = [...workflow.matchAll(/uses: (\S+)/g)].map(([, action = '']) => action)
    expect(uses).toHaveLength(3)
    expect(uses.filter((action) => !/^[\w-]+\/[\w-]+@v\d+$/.test(action))).toEqual([])
    for (const line of ['npm ci --omit=dev --ignore-scripts', 'node bin/build.mjs'])
      expect(workflow).toContain(`- run: ${line}\n`)
  })

  test('the workflow sets variables that Almanac reads, the secret from the secrets', () => {
    const variables = [...workflow.matchAll(/([A-Z_]+): \$\{\{ (\w+)\.\w+ \}\}/g)]
    const names = variables.map(([, name = '']) => name)
    expect(names).toContain('TABLEAU_SERVER_URL')
    expect(names.filter((name) => name !== 'ALMANAC_OWNER' && !SITE_VARIABLES.includes(name))).toEqual([])
    for (const [, name = '', place] of variables) expect(place).toBe(/SECRET/.test(name) ? 'secrets' : 'vars')
  })
})

test('every exit code has its row', () => {
  const rows = [...page.matchAll(/^\| (\d+) \| \S/gm)].map(([, code]) => Number(code))
  const codes = new Set([0, ...Object.values(ERRORS).map(({ exit }) => exit), 130])
  expect(rows).toEqual([...codes].sort((a, b) => a - b))
})
