import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { ENTITIES } from '../../lib/entities/index.ts'
import { CREATE_ONLY } from '../../lib/stacks/state.ts'
import { type Decision, decide, listOf, type Request, type Statement } from './iam.ts'
import { rightsTable } from './rights-page.ts'
import { bucketPolicy, rolesOf } from './roles.ts'
import { ofType, planNamed, synthesize } from './templates.ts'

const PIPELINE = 'Almanac-prod-marketing-Pipeline'
const BUCKET = 'arn:aws:s3:::almanac-prod-123456789012-eu-central-1'
const HERE = 'eu-central-1:123456789012'

const synthesis = synthesize()
const ofBucket = bucketPolicy(synthesis, 'Almanac-prod-State')
const roles = rolesOf(synthesis, PIPELINE)
const FUNCTIONS = [...roles.keys()].filter((who) => !['machine', 'nightly', 'hourly'].includes(who))
const pipeline = planNamed(synthesis, PIPELINE)
const state = planNamed(synthesis, 'Almanac-prod-State')

/** The logical id of the one resource of a stack whose own begins so. */
function idOf(begin: string, plan = pipeline, type = 'AWS::Lambda::Function'): string {
  const [id, ...others] = ofType(plan, type)
    .map(([each]) => each)
    .filter((each) => each.startsWith(begin))
  if (id === undefined || others.length > 0) throw new Error(`not one ${type} begins with ${begin}`)
  return id
}

const secret = (name: string): string => `arn:aws:secretsmanager:${HERE}:secret:${name}-a1B2c3`
const session = (slug: string): string =>
  `arn:aws:secretsmanager:${HERE}:secret:${idOf(`Session${slug}`, state, 'AWS::SecretsManager::Secret')}-AbCdEf`
const fn = (begin: string): string => `arn:aws:lambda:${HERE}:function:${idOf(`${begin}Function`)}`
const machine = (name: string): string => `arn:aws:states:${HERE}:stateMachine:${name}`

const RUN = 'site=marketing/dt=2026-11-01/run=marketing-2026-11-01'
const DAY = 'site=marketing/dt=2026-11-01'
const HASH = '0'.repeat(64)
const LANDED = `landing/entity=users/${RUN}/shard=0/receipt.json`
const CANDIDATE = `candidate/entity=users/${DAY}/${HASH}`
const MANIFEST = `manifest/entity=users/${DAY}/v0001.json`

/** What a request of ours says of itself: TLS, and that it writes only what is not there yet. */
const CREATES: Readonly<Record<string, string>> = {
  'aws:SecureTransport': 'true',
  's3:TlsVersion': '1.3',
  's3:if-none-match': '*',
  's3:ObjectCreationOperation': 'true',
}
const { 's3:if-none-match': _, ...REPLACES } = CREATES
const PART = { ...REPLACES, 's3:ObjectCreationOperation': 'false' }

function decided(who: string, { action, resource, context = CREATES }: Request): Decision {
  const role = roles.get(who)
  if (role === undefined) throw new Error(`nobody is called ${who}`)
  return decide({ action, resource, context }, role, resource.startsWith(BUCKET) ? ofBucket : [])
}

const read = (key: string): Request => ({ action: 's3:GetObject', resource: `${BUCKET}/${key}` })
const write = (key: string, context = CREATES): Request => ({
  action: 's3:PutObject',
  resource: `${BUCKET}/${key}`,
  context,
})
const tell = (resource: string): Request => ({ action: 'secretsmanager:GetSecretValue', resource })
const keep = (resource: string): Request => ({ action: 'secretsmanager:PutSecretValue', resource })
const call = (resource: string): Request => ({ action: 'lambda:InvokeFunction', resource })
const start = (name: string): Request => ({ action: 'states:StartExecution', resource: machine(name) })
const ask = (name: string): Request => ({
  action: 'states:DescribeExecution',
  resource: `arn:aws:states:${HERE}:execution:${name}:x`,
})
const TOKEN = secret('almanac/marketing')
const PROXY = secret('almanac/proxy')
const WEBHOOK = secret('almanac/slack')

/** For each denial what comes closest to it and is allowed, so that no denial is that of an evaluator that knows only no. */
const ALLOWED: readonly (readonly [who: string, request: Request])[] = [
  ['extract users', read(LANDED)],
  ['extract users', write(LANDED)],
  ['extract jobs', read(`observation/entity=jobs/${DAY}/${HASH}.json`)],
  ['extract users', tell(session('marketing'))],
  ['extract users', tell(PROXY)],
  ['extract users', call(fn('Session'))],
  ['session', tell(TOKEN)],
  ['session', tell(PROXY)],
  ['session', keep(session('marketing'))],
  ['session', write(`lease/${HASH}.json`, REPLACES)],
  ['session', write('site/marketing.json')],
  ['session', ask('almanac-prod-finance')],
  ['load', read(LANDED)],
  ['load', write(`landing/entity=users/${RUN}/loaded.json`)],
  ['load', write(`${CANDIDATE}.parquet`)],
  ['load', write(MANIFEST)],
  ['load', write('current/entity=users/site=marketing/data.parquet', REPLACES)],
  ['report', read(`landing/entity=users/${RUN}/loaded.json`)],
  ['report', write(`runs/${RUN}.json`)],
  ['report', write('notice/marketing.json', REPLACES)],
  ['report', tell(WEBHOOK)],
  ['freshness', read(`${CANDIDATE}.json`)],
  ['freshness', read(MANIFEST)],
  ['start', start('almanac-prod-marketing')],
  ['start', ask('almanac-prod-marketing')],
  ['machine', call(fn('Load'))],
  ['machine', call(fn('Extractusers'))],
  ['nightly', call(fn('Start'))],
  ['hourly', call(fn('Freshness'))],
]

const DENIED: readonly (readonly [who: string, request: Request])[] = [
  // An extractor sees its own landing and no other entity's, no candidate, no table, no other site, and no token.
  ['extract users', read(LANDED.replace('entity=users', 'entity=groups'))],
  ['extract users', write(LANDED.replace('entity=users', 'entity=groups'))],
  ['extract users', read(LANDED.replace('site=marketing', 'site=finance'))],
  ['extract users', write(LANDED.replaceAll('marketing', 'finance'))],
  ['extract users', read(`${CANDIDATE}.parquet`)],
  ['extract users', write(`${CANDIDATE}.parquet`)],
  ['extract users', read('current/entity=users/site=marketing/data.parquet')],
  ['extract users', write(MANIFEST)],
  ['extract users', read(MANIFEST)],
  ['extract users', read(`observation/entity=users/${DAY}/${HASH}.json`)],
  ['extract jobs', read(`observation/entity=jobs/${DAY}/${HASH}.parquet`)],
  ['extract users', write(`runs/${RUN}.json`)],
  ['extract users', read(`lease/${HASH}.json`)],
  ['extract users', tell(TOKEN)],
  ['extract users', tell(secret('almanac/finance'))],
  ['extract users', tell(session('finance'))],
  ['extract users', keep(session('marketing'))],
  ['extract users', tell(WEBHOOK)],
  ['extract users', call(fn('Load'))],
  ['extract users', start('almanac-prod-marketing')],
  // The session reads the token, and no row.
  ['session', read(LANDED)],
  ['session', read(`${CANDIDATE}.parquet`)],
  ['session', read('current/entity=users/site=marketing/data.parquet')],
  ['session', write(LANDED)],
  ['session', write(MANIFEST)],
  ['session', tell(secret('almanac/finance'))],
  ['session', tell(WEBHOOK)],
  ['session', keep(TOKEN)],
  ['session', keep(session('finance'))],
  ['session', write('site/finance.json')],
  ['session', start('almanac-prod-marketing')],
  ['session', ask('payroll')],
  // The load reads no secret, and of landing it writes what it came to alone.
  ['load', tell(TOKEN)],
  ['load', tell(session('marketing'))],
  ['load', tell(PROXY)],
  ['load', write(LANDED)],
  ['load', write(`landing/entity=users/${RUN}/extracted.json`)],
  ['load', write(`landing/entity=users/${RUN}/shard=0/attempt=00000000/part-0000.parquet`)],
  ['load', write(`runs/${RUN}.json`)],
  ['load', read(LANDED.replace('site=marketing', 'site=finance'))],
  ['load', write(MANIFEST.replace('site=marketing', 'site=finance'))],
  ['load', write(`lease/${HASH}.json`, REPLACES)],
  // The report commits nothing, and reads no row.
  ['report', write(MANIFEST)],
  ['report', write(`landing/entity=users/${RUN}/loaded.json`)],
  ['report', read(`${CANDIDATE}.parquet`)],
  ['report', read(`landing/entity=users/${RUN}/shard=0/attempt=00000000/part-0000.parquet`)],
  ['report', read(`observation/entity=jobs/${DAY}/${HASH}.parquet`)],
  ['report', read('current/entity=users/site=marketing/data.parquet')],
  ['report', write('notice/finance.json')],
  ['report', tell(TOKEN)],
  ['report', tell(session('marketing'))],
  // The look at the snapshots writes nothing.
  ['freshness', read(`${CANDIDATE}.parquet`)],
  ['freshness', write('notice/marketing.json', REPLACES)],
  ['freshness', write(`runs/${RUN}.json`)],
  ['freshness', tell(WEBHOOK)],
  ['freshness', tell(TOKEN)],
  // The start starts its own machine, and asks for its executions.
  ['start', start('almanac-prod-finance')],
  ['start', start('almanac-dev-sandbox')],
  ['start', ask('almanac-prod-finance')],
  ['start', read(LANDED)],
  ['start', tell(TOKEN)],
  ['start', call(fn('Session'))],
  // The machine calls its functions, and touches nothing itself.
  ['machine', call(fn('Start'))],
  ['machine', call(fn('Freshness'))],
  ['machine', read(LANDED)],
  ['machine', tell(session('marketing'))],
  ['nightly', call(fn('Session'))],
  ['nightly', start('almanac-prod-marketing')],
  ['hourly', call(fn('Start'))],
]

const told = ([who, { action, resource, context }]: readonly [string, Request]) => ({
  who,
  action,
  resource,
  request: { action, resource, ...(context === undefined ? {} : { context }) },
})

describe('a right that is needed is there', () => {
  test.each(ALLOWED.map(told))('$who may $action $resource', ({ who, request }) =>
    expect(decided(who, request)).toBe('allowed'),
  )
})

describe('a right that is not needed is not there', () => {
  test('many are asked for', () => expect(DENIED.length).toBeGreaterThan(60))
  test.each(DENIED.map(told))('$who may not $action $resource', ({ who, request }) =>
    expect(decided(who, request)).toBe('denied'),
  )

  test.each(ENTITIES.map(({ name }) => name))(
    'the extractor of %s reads and writes its own landing alone',
    (entity) => {
      for (const { name } of ENTITIES)
        for (const request of [read, write].map((of) => of(LANDED.replace('entity=users', `entity=${name}`))))
          expect(decided(`extract ${entity}`, request)).toBe(name === entity ? 'allowed' : 'denied')
    },
  )

  test('the session alone reads the token', () => {
    expect([...roles.keys()].filter((who) => decided(who, tell(TOKEN)) === 'allowed')).toEqual(['session'])
  })

  test.each([...roles.keys()])('%s may delete nothing, and change no rule', (who) => {
    const objects = [
      's3:DeleteObject',
      's3:DeleteObjectVersion',
      's3:PutObjectAcl',
      's3:BypassGovernanceRetention',
    ]
    const rules = [
      's3:DeleteBucket',
      's3:PutBucketPolicy',
      's3:PutLifecycleConfiguration',
      's3:PutBucketVersioning',
    ]
    for (const action of objects)
      for (const key of [
        LANDED,
        `${CANDIDATE}.parquet`,
        MANIFEST,
        'current/entity=users/site=marketing/data.parquet',
      ])
        expect(decided(who, { action, resource: `${BUCKET}/${key}` })).toBe('denied')
    for (const action of rules) expect(decided(who, { action, resource: BUCKET })).toBe('denied')
    for (const action of [
      'iam:PassRole',
      'iam:PutRolePolicy',
      'sts:AssumeRole',
      'kms:PutKeyPolicy',
      'logs:DeleteLogGroup',
    ])
      expect(decided(who, { action, resource: `arn:aws:iam::123456789012:role/admin` })).toBe('denied')
  })

  /** Actions for which AWS takes no resource: network interfaces, deliveries of logs, traces. */
  const NO_RESOURCE =
    /^(?:ec2:\w+(?:NetworkInterfaces?|Subnets|PrivateIpAddresses)|logs:\w*(?:LogDelivery|LogDeliveries|LogGroups|ResourcePolic\w+)|xray:\w+)$/

  test.each([...roles])(
    '%s has no action with a wildcard, nor all resources where AWS lets one name them',
    (_, role) => {
      expect(role.length).toBeGreaterThan(0)
      for (const { Effect, Action, Resource } of role) {
        expect(Effect).toBe('Allow')
        expect(listOf(Action).filter((action) => /[*?]/.test(action))).toEqual([])
        if (listOf(Resource).includes('*'))
          expect(listOf(Action).filter((action) => !NO_RESOURCE.test(action))).toEqual([])
      }
    },
  )
})

describe('what is committed stands, whoever writes', () => {
  /** A role that may do everything. */
  const anybody: readonly Statement[] = [{ Effect: 'Allow', Action: '*', Resource: '*' }]
  const asAnybody = (key: string, context: Request['context']): Decision =>
    decide({ ...write(key), ...(context === undefined ? {} : { context }) }, anybody, ofBucket)

  test.each(CREATE_ONLY)('%s/ takes a write that asks for absence, and no other', (area) => {
    const key = `${area}/${area === 'runs' ? '' : 'entity=users/'}${RUN}/x.json`
    expect(asAnybody(key, CREATES)).toBe('allowed')
    expect(asAnybody(key, REPLACES)).toBe('forbidden')
    expect(asAnybody(key, { ...REPLACES, 's3:if-match': '"etag"' })).toBe('forbidden')
  })

  test.each(CREATE_ONLY)('%s/ takes the parts of an upload, whose completion asks for absence', (area) => {
    expect(asAnybody(`${area}/x`, PART)).toBe('allowed')
  })

  test.each(FUNCTIONS)('%s writes there only so', (who) => {
    const keys = ENTITIES.flatMap(({ name }) => [
      LANDED.replace('users', name),
      `landing/entity=${name}/${RUN}/loaded.json`,
      ...[CANDIDATE, MANIFEST].map((key) => key.replace('users', name)),
      `observation/entity=${name}/${DAY}/${HASH}.parquet`,
      `runs/${RUN}.json`,
    ])
    for (const key of keys) expect(decided(who, write(key, REPLACES))).toBe('forbidden')
  })

  test('what is derived, and leases, are replaced', () => {
    for (const key of ['current/x', 'history/x', 'lease/x', 'notice/x'])
      expect(asAnybody(key, REPLACES)).toBe('allowed')
  })

  test('without TLS, or with an old one, nothing at all', () => {
    for (const action of ['s3:GetObject', 's3:PutObject', 's3:ListBucket'])
      for (const context of [
        { ...CREATES, 'aws:SecureTransport': 'false' },
        { ...CREATES, 's3:TlsVersion': '1.1' },
      ])
        expect(decide({ action, resource: `${BUCKET}/${LANDED}`, context }, anybody, ofBucket)).toBe(
          'forbidden',
        )
  })
})

describe('docs/rights.md', () => {
  const path = 'docs/rights.md'
  const page = readFileSync(path, 'utf8')
  const PLACE = /(<!-- rights -->\n)[\s\S]*?(<!-- \/rights -->)/
  const table = ['| who | may | of what |', '|---|---|---|', ...rightsTable(synthesis)].join('\n')
  const expected = page.replace(PLACE, (_, begin: string, end: string) => `${begin}${table}\n${end}`)

  test('says what the templates say', () => {
    // With it the page is written instead of being held to the templates.
    if (process.env['ALMANAC_RECORD'] === 'rights') writeFileSync(path, expected)
    else expect(page).toBe(expected)
  })

  test('has everybody', () => {
    const named = new Set([...expected.matchAll(/^\| ([a-z]+)(?: \(events\))? \| `/gm)].map(([, who]) => who))
    expect(named).toEqual(new Set([...roles.keys()].map((who) => who.split(' ')[0])))
  })
})
