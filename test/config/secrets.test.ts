import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import {
  at,
  KINDS,
  leastFile,
  type Place,
  parse,
  pathOf,
  placesOf,
  print,
  put,
  refusal,
  SIGN_INS,
  wholeFile,
} from './sample.ts'

const REASON =
  'a secret never stands in the file; name the environment variable, file or AWS secret that holds it'

/** What nobody may read again, and each form it is pasted in. */
const CANARY = 'cAnArY7Xq2'
const FORMS: Readonly<Record<string, string>> = {
  'a token’s secret': `${CANARY}Mh9vbrjjg8w==:${CANARY}rZTHhPpP2tUW1kfn4tj`,
  'the first half of one': `${CANARY}Mh9vbrjjg8w==`,
  'a connected app’s secret': `${CANARY}${'a1B/'.repeat(8)}x=`,
  'a private key': `-----BEGIN PRIVATE KEY-----\n${CANARY}\n-----END PRIVATE KEY-----`,
  'an older private key': `-----BEGIN RSA PRIVATE KEY-----\n${CANARY}`,
  'a webhook of Slack': `https://hooks.slack.com/services/T0/B0/${CANARY}`,
  'the same without https': `HOOKS.slack.com/services/${CANARY}`,
  'a webhook of Teams': `https://contoso.webhook.office.com/webhookb2/${CANARY}`,
  'a workflow’s webhook': `https://prod-1.westeurope.logic.azure.com:443/workflows/${CANARY}`,
  'a flow’s webhook': `https://x.environment.api.powerplatform.com/${CANARY}`,
  'an address with a password': `http://svc:${CANARY}@proxy.example.com:3128`,
  'a password with a slash': `https://svc:a/${CANARY}/b@tableau.example.com`,
  'a web token': `eyJhbGciOiJIUzI1NiJ9.${CANARY}eyJzdWIiOiIxIn0.${CANARY}`,
}
const forms = Object.entries(FORMS).map(([form, secret]) => ({ form, secret }))

/** Nothing that people or machines are shown of the error holds the canary, in whole or from its third letter on. */
function showsNothing(text: string): readonly string[] {
  const error = refusal(text)
  const all = [
    error.message,
    error.next,
    String(error.stack),
    JSON.stringify(error),
    inspect(error, { depth: 9 }),
    JSON.stringify(error.details),
  ]
  for (const shown of all) expect(shown).not.toContain(CANARY.slice(2))
  return error.message.split('\n')
}

const files = KINDS.map((kind) => ({ file: wholeFile(kind), places: placesOf(kind) }))
/** Every text of every field. */
const texts = files.flatMap(({ file, places }) =>
  places
    .filter((place) => typeof at(file, place) === 'string')
    .map((place) => ({ file, place, name: pathOf(place) })),
)

describe.each(forms)('$form', ({ secret }) => {
  test('is refused in the place of any text, and told at that place alone', () => {
    for (const { file, place, name } of texts)
      expect(showsNothing(print(put(file, place, secret)))).toEqual([
        expect.stringMatching(new RegExp(`${name.replaceAll(/[[\]$.]/g, '\\$&')}: ${REASON}$`)),
      ])
  })

  test('is refused in the place of anything else', () => {
    for (const { file, places } of files)
      for (const place of places.filter((each) => typeof at(file, each) !== 'string'))
        expect(showsNothing(print(put(file, place, secret))).some((line) => line.endsWith(REASON))).toBe(true)
  })

  test('is refused as the value of a property that does not exist, deep inside too', () => {
    const lines = showsNothing(print(leastFile({ note: secret }, { deep: { list: [[{ x: secret }]] } })))
    expect(lines.filter((line) => line.endsWith(REASON))).toHaveLength(2)
  })

  test('is refused as the name of a property', () => {
    const lines = showsNothing(
      print(leastFile({ [secret]: 1 }, { entities: { [secret]: { [secret]: secret } } })),
    )
    expect(lines.filter((line) => line.endsWith(REASON)).length).toBeGreaterThan(1)
  })

  test('does not show where the syntax breaks around it', () => {
    const text = print(leastFile({ note: secret }))
    for (const broken of [
      text.replace('"note":', '"note"'),
      text.slice(0, -1),
      text.replaceAll('"', "'"),
      `${text} ${secret}`,
      secret,
    ])
      showsNothing(broken)
  })
})

/** A password has no look by which to know it. */
const PASSWORD = `hunter-${CANARY}`

describe('a secret that looks like nothing', () => {
  const references = texts
    .filter(({ name }) => /\.(env|file|awsSecret)$/.test(name))
    .map(({ file, place, name }) => ({ file, place: place.slice(0, -1), name: name.replace(/\.\w+$/, '') }))

  test.each(references)('is refused in the place of the reference $name', ({ file, place, name }) => {
    expect(showsNothing(print(put(file, place, PASSWORD)))).toEqual([
      expect.stringContaining(`${name}: ${REASON}`),
    ])
    showsNothing(print(put(file, place, [PASSWORD])))
    showsNothing(print(put(file, place, { value: PASSWORD })))
    showsNothing(print(put(file, place, { env: PASSWORD, file: PASSWORD })))
    showsNothing(
      print(put(file, place, { awsSecret: `${PASSWORD} `, field: ` ${PASSWORD}`, region: PASSWORD })),
    )
  })

  test.each([
    'secret',
    'patSecret',
    'password',
    'secretValue',
    'token',
    'PAT_SECRET',
    'privateKey',
    'apiKey',
    'clientSecret',
    'credentials',
    'passphrase',
  ])('is refused under the name %s, wherever it stands', (name) => {
    for (const held of [PASSWORD, 12345, [PASSWORD]]) {
      const lines = showsNothing(print(leastFile({ [name]: held }, { extra: { [name]: held } })))
      expect(lines.filter((line) => line.endsWith(REASON))).toHaveLength(2)
    }
  })

  test('is not repeated where a name of an environment variable stands', () => {
    const place: Place = ['sites', 0, 'signIn', 'secret', 'env']
    expect(showsNothing(print(put(wholeFile('pat'), place, PASSWORD)))).toEqual([
      expect.stringContaining('env: is no name of an environment variable'),
    ])
  })

  test.each(['timeZone', 'warehouse', 'slug', 'server', 'proxy', 'concurrency'])(
    'is not repeated when it is long and stands in %s',
    (name) => {
      showsNothing(print(leastFile({}, { [name]: `~${CANARY}abcdefghijklm y` })))
      showsNothing(print(leastFile({ [`${CANARY}abcdefghijklm`]: 1 })))
    },
  )
})

describe('what only resembles a secret', () => {
  test.each([
    [
      'a long folder',
      leastFile({ warehouse: '/srv/data/dt=2026-01-01/almanac-warehouse-of-marketing-2026' }),
    ],
    ['an owner with an address', leastFile({ owner: 'Team: BI <bi.platform+almanac@example.com>' })],
    [
      'ids',
      leastFile(
        {},
        { signIn: { ...SIGN_INS['connected-app'], clientId: '3f1c2d4e-0000-4000-8000-000000000001' } },
      ),
    ],
    [
      'an ARN',
      leastFile(
        {},
        {
          signIn: {
            kind: 'pat',
            name: 'a',
            secret: { awsSecret: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:almanac-AbCdEf' },
          },
        },
      ),
    ],
    ['a reference under a telling name', leastFile({}, { signIn: SIGN_INS['password'] })],
    [
      'an address with a port and an at sign behind it',
      leastFile({}, { server: 'https://tableau.example.com:8443' }),
    ],
  ])('%s is right', (_, file) => expect(parse(print(file)).sites).toHaveLength(1))
})
