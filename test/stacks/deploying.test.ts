import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { FIRST_DAY } from '../../lib/athena/projection.ts'
import { databaseName, deploymentsOf } from '../../lib/config/deployment.ts'
import { parseConfiguration } from '../../lib/config/parse.ts'
import { ENTITIES } from '../../lib/entities/index.ts'
import { planNamed, synthesize } from './templates.ts'

const page = readFileSync('docs/deploying.md', 'utf8')
const [text = ''] = [...page.matchAll(/^```json\n([\s\S]*?)^```$/gm)].map(([, found]) => found)
const shell = [...page.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, lines]) => lines).join('')
const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> }

describe('docs/deploying.md', () => {
  const entities = ENTITIES.map(({ name }) => name)
  const configuration = parseConfiguration({ path: 'almanac.config.json', text, entities, cwd: '/work' })
  const [deployment, ...others] = deploymentsOf(configuration)
  const synthesis = synthesize({ text })
  const stacks = [...synthesis.plans.keys()]

  test('has a configuration that deploys, and commands for its account, region, secret and bucket', () => {
    expect(others).toEqual([])
    const { account = '', region = '', name = '', sites = [] } = deployment ?? {}
    expect(shell).toContain(`cdk bootstrap aws://${account}/${region}`)
    expect(shell).toContain('--name almanac/marketing ')
    expect(JSON.stringify(sites)).toContain('"awsSecret":"almanac/marketing"')
    const bucket = `almanac-${name}-${account}-${region}`
    const buckets = new Set([...page.matchAll(/s3:\/\/([a-z0-9-]+)/g)].map(([, each]) => each))
    expect(buckets).toEqual(new Set([bucket]))
    expect(JSON.stringify(planNamed(synthesis, `Almanac-${name}-State`))).toContain(`"${bucket}"`)
  })

  test('names every stack, and no other', () => {
    const named = new Set([...page.matchAll(/\bAlmanac-[\w-]+\b(?!-?\*)/g)].map(([each]) => each))
    expect([...named].sort()).toEqual([...stacks].sort())
  })

  test('finds the function that starts a night by the name it has', () => {
    const { Resources } = planNamed(synthesis, 'Almanac-prod-marketing-Pipeline')
    const found = Object.entries(Resources).filter(
      ([id, { Type }]) => Type === 'AWS::Lambda::Function' && id.startsWith('Start'),
    )
    expect(found).toHaveLength(1)
  })

  test('runs scripts that there are', () => {
    const named = [...page.matchAll(/npm run ([\w-]+)/g)].map(([, script = '']) => script)
    expect(new Set(named)).toEqual(new Set(['copy-warehouse', 'integ']))
    for (const script of named) expect(scripts).toHaveProperty(script)
  })

  test('asks in the workgroup that there is', () => {
    const catalog = JSON.stringify(planNamed(synthesis, 'Almanac-prod-Catalog'))
    expect(page).toContain('workgroup `almanac_prod`')
    expect(catalog).toContain(`"Name":"${databaseName('prod')}"`)
  })

  test('the page on Athena names that workgroup, that database and the first day, and no others', () => {
    const asking = readFileSync('docs/athena.md', 'utf8')
    const named = [...asking.matchAll(/(?:--work-group |Database=|`(?=almanac_))([\w-]+)/g)]
    expect(new Set(named.map(([, name]) => name))).toEqual(new Set([databaseName('prod')]))
    expect(named.length).toBeGreaterThanOrEqual(3)
    expect(asking).toContain(`, from ${FIRST_DAY} on,`)
  })

  test('tells of every line of npm run integ', () => {
    const checks = [...readFileSync('bin/integ.ts', 'utf8').matchAll(/^ {2}\['([\w-]+)', \w+\],$/gm)]
    const told = [...page.matchAll(/^\| `([\w-]+)` \|/gm)].map(([, name]) => name)
    expect(told).toEqual(checks.map(([, name]) => name))
  })
})
