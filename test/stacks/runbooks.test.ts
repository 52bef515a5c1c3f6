import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type AlarmSpec, alarmName, alarmsOf, heldHours, PAGE } from '../../lib/stacks/alarms.ts'
import { SECRET_READ } from '../../lib/stacks/secret-reads.ts'
import { shellOf } from './monitored.ts'

const FOLDER = 'docs/runbooks'
const DEFAULT_HOURS = 30
const SPECS = alarmsOf(DEFAULT_HOURS)
const read = (page: string): string => readFileSync(`${FOLDER}/${page}`, 'utf8')
const README = read('README.md')
const PAGES = readdirSync(FOLDER).filter((page) => page !== 'README.md')

/** The commands of Almanac, as the project’s own page lists them. */
const COMMANDS = readFileSync('README.md', 'utf8')
  .split('\n')
  .flatMap((line) =>
    [...(/^\| (`[^|]*`) \|/.exec(line)?.[1]?.matchAll(/`(\w+)/g) ?? [])].map(([, name]) => name),
  )

/** The names by which a page must call what its alarm looks at. */
function metricsOf({ metric }: AlarmSpec): readonly string[] {
  if (metric.of === 'site' || metric.of === 'entities') return [metric.name]
  const names = {
    machine: ['ExecutionsFailed', 'ExecutionsTimedOut', 'ExecutionsAborted'],
    errors: ['Errors'],
    throttles: ['Throttles'],
    queue: ['NumberOfMessagesSent'],
  }
  return names[metric.of]
}

test('every alarm has its page, and no page is without', () => {
  const ids = [...SPECS.map(({ id }) => id), SECRET_READ]
  expect(PAGES.toSorted()).toEqual(ids.map((id) => `${id}.md`).toSorted())
  expect(SPECS.map(({ id }) => id)).not.toContain(PAGE)
})

describe.each(SPECS)('$id', (spec) => {
  const text = read(`${spec.id}.md`)

  test('names its alarm, its metric and how urgent it is', () => {
    const [title, , meaning = ''] = text.split('\n')
    expect(title).toBe(`# ${spec.id}`)
    const kind = spec.urgency === 'page' ? '**Page.**' : '**Message.**'
    expect(
      meaning.startsWith(`${kind} \`${alarmName('<environment>', '<site>', spec.id)}\` rings when `),
    ).toBe(true)
    for (const name of metricsOf(spec)) expect(meaning).toContain(`\`${name}\``)
  })
})

describe.each([...SPECS.map(({ id }) => id), SECRET_READ])('%s', (id) => {
  const text = read(`${id}.md`)

  test('says what users notice, what to do, how it ends and what not to do', () => {
    expect(text.match(/^## .*$/gm)).toEqual([
      '## What users notice',
      '## First steps',
      '## How it ends',
      '## Do not',
    ])
    expect(shellOf(text)).not.toBe('')
    expect(text).toContain('[Set the variables](README.md#first)')
  })

  test('is short enough for three in the morning', () => expect(text.split(/\s+/).length).toBeLessThan(420))
})

describe('the commands', () => {
  const given = new Set(
    [...shellOf(README).matchAll(/^(?:export )?(\w+)(?:=|\(\))/gm)].map(([, name]) => name),
  )

  test.each([...PAGES, 'README.md'])('of %s use what is set, and commands that there are', (page) => {
    const text = shellOf(read(page))
    const own = new Set([...text.matchAll(/(?:\bfor |\bread -rs )(\w+)/g)].map(([, name]) => name))
    const used = [...text.matchAll(/\$(\w*[A-Za-z]\w*)/g)].map(([, name]) => name)
    expect(used.filter((name) => !given.has(name) && !own.has(name))).toEqual([])
    const called = [...text.matchAll(/(?:^|[\s|])almanac (\w+)/g)].map(([, name]) => name)
    expect(called.filter((name) => !COMMANDS.includes(name))).toEqual([])
  })

  test('ask the warehouse of the environment, whose turn a token is', () => {
    for (const line of PAGES.flatMap((page) => shellOf(read(page)).split('\n')))
      if (/^\s*almanac /.test(line)) expect(line).toContain('--warehouse "$WAREHOUSE" --site "$SITE"')
  })
})

describe('the list of all pages', () => {
  test('is that of the alarms, by the default configuration', () => {
    const rows = [...README.matchAll(/^\| \[([\w-]+)\]\(\1\.md\) \| (\w+) \| (.*) \|$/gm)]
    expect(rows.map(([, id, urgency, says]) => ({ id, urgency, says }))).toEqual(
      SPECS.map(({ id, urgency, says }) => ({ id, urgency, says })),
    )
  })

  test('says how long a failed night rings on, and how long a new site has', () => {
    expect(README).toContain(`(${heldHours(DEFAULT_HOURS)} hours, with ${DEFAULT_HOURS} hours to a page)`)
    const [warmUp] = SPECS.flatMap(({ warmUpHours }) => warmUpHours ?? [])
    expect(README).toContain(`has ${warmUp} hours for its first night`)
  })
})
