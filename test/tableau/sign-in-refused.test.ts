import { createHook } from 'node:async_hooks'
import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { AlmanacError } from '../../lib/core/errors.ts'
import { secretOf } from '../../lib/core/secret.ts'
import type { Simulator } from '../../lib/simulator/server.ts'
import { connect } from '../../lib/tableau/client.ts'
import { type Identity, patIdentity } from '../../lib/tableau/identity.ts'
import { reasonNumber, reasonOf } from '../../lib/tableau/reason.ts'
import { refusal } from '../../lib/tableau/refusal.ts'
import { optionsFor } from './servers.ts'
import {
  adminOf,
  appIdentity,
  openToAll,
  passwordIdentity,
  rsaPair,
  signInAs,
  uatIdentity,
} from './sign-in-identities.ts'

/** The error that signing in ends with. */
const refused = async (url: string, identity: Identity, contentUrl = 'demo'): Promise<AlmanacError> => {
  const signIn = { serverUrl: url, contentUrl, identity }
  const thrown = await connect(optionsFor(url, { signIn })).then(
    () => expect.unreachable('it signed in'),
    (error: unknown) => error,
  )
  return thrown instanceof AlmanacError ? thrown : expect.unreachable(String(thrown))
}

type Wrong = readonly [what: string, identity: (simulator: Simulator) => Identity, named: string]

const WRONG: readonly Wrong[] = [
  ['secret', (it) => appIdentity(it, { secret: secretOf('wrong-secret-of-the-app') }), 'connected app'],
  ['secret ID', (it) => appIdentity(it, { secretId: 'no-such-id' }), 'connected app'],
  ['client ID', (it) => appIdentity(it, { clientId: 'no-such-app' }), 'connected app "no-such-app"'],
  ['user', (it) => appIdentity(it, { user: 'nobody' }), 'for user "nobody"'],
  ['case', (it) => appIdentity(it, { user: adminOf(it).toUpperCase() }), 'for user "'],
  ['scopes', (it) => appIdentity(it, { scopes: [] }), 'connected app'],
  ['private key', (it) => uatIdentity(it, { privateKey: secretOf(rsaPair().privateKey) }), 'unified access'],
  ['key ID', (it) => uatIdentity(it, { keyId: 'key-2' }), 'unified access token'],
  [
    'issuer',
    (it) => uatIdentity(it, { issuer: 'https://wrong.example.com' }),
    'of "https://wrong.example.com"',
  ],
  ['tenant', (it) => uatIdentity(it, { tenantId: 'tenant-2' }), 'unified access token'],
  ['claim', (it) => uatIdentity(it, { userClaim: 'upn' }), 'unified access token'],
  ['UAT’s user', (it) => uatIdentity(it, { user: 'nobody' }), 'for user "nobody"'],
  ['password', (it) => passwordIdentity(adminOf(it), 'wrong-password'), 'password of user'],
]

describe('a sign-in is refused, once, and says who', () => {
  it.each(WRONG)('with a wrong %s', async (_, identityFor, named) => {
    const simulator = await openToAll({ passwords: [] })
    const error = await refused(simulator.url, identityFor(simulator))
    expect(error).toMatchObject({ code: 'sign-in-refused', tableauCode: '401001' })
    expect(error.message).toContain('site "demo"')
    expect(error.message).toContain(named)
    expect(error.next).not.toContain('new token')
    expect(simulator.counters()).toMatchObject({ signIn: 1 })
  })

  it('with an app that is disabled, and on a site that is not there', async () => {
    const app = { clientId: 'app', secretId: 'id', secret: 'secret-of-the-app', enabled: false }
    const disabled = await openToAll({ connectedApps: [app] })
    expect((await refused(disabled.url, appIdentity(disabled))).next).toContain('enabled')
    const simulator = await openToAll()
    const error = await refused(simulator.url, appIdentity(simulator), 'elsewhere')
    expect(error.message).toContain('site "elsewhere"')
  })

  it('with a password where Tableau Cloud has a name of your own', async () => {
    const cloud = await openToAll({ cloud: true })
    const error = await refused(cloud.url, passwordIdentity(adminOf(cloud), 'right'))
    expect(error).toMatchObject({ code: 'sign-in-refused', next: expect.stringContaining('MFA') })
  })
})

/** What a refusal of this kind and with this number becomes. */
const retold = (identity: Identity, reason?: number): AlmanacError => {
  const details = reason === undefined ? { status: 401 } : { status: 401, reason }
  const thrown = new AlmanacError('sign-in-refused', 'x', { tableauCode: '401001', details })
  const error = refusal(thrown, { serverUrl: 'https://t.example.com', contentUrl: '', identity })
  return error instanceof AlmanacError ? error : expect.unreachable('no error')
}

describe('the number in a refusal', () => {
  const NUMBERS = [5, 16, 67, 126, 127, 10083, 10084, 10085, 10096]
  it.each(NUMBERS)('%i says what is wrong', async (number) => {
    const error = retold(appIdentity(await openToAll()), number)
    expect(error.message).toContain(`(401001, ${number}): ${reasonOf(number)?.means}`)
    expect(error.next).toBe(reasonOf(number)?.next)
  })

  it('has meanings that differ from one another', () => {
    expect(new Set(NUMBERS.map((number) => reasonOf(number)?.means)).size).toBe(NUMBERS.length)
  })

  it('says nothing of a personal access token or a password', () => {
    for (const identity of [patIdentity('nightly', 's3cret'), passwordIdentity('anna', 's3cret')]) {
      expect(retold(identity, 16).message).toMatch(/\(401001\)$/)
    }
  })

  it.each([
    ['Error signing in to Tableau Server (16)', 16],
    ['Signin Error: errorCode=10096', 10096],
    ['{"errorCode":126}', 126],
    ['errorCode: 5 and more', 5],
    ['(17) unknown', undefined],
    ['(123456)', undefined],
    ['no number', undefined],
    ['', undefined],
  ])('is picked out of %j', (text, number) => {
    expect(reasonNumber(text)).toBe(number)
  })
})

const PEM_OF_EC = generateKeyPairSync('ec', {
  namedCurve: 'P-256',
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
}).privateKey
const ENCRYPTED = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' },
}).privateKey

const UNUSABLE: readonly (readonly [string, (simulator: Simulator) => Identity, string])[] = [
  ['an empty token secret', () => patIdentity('nightly', ''), 'secret-missing'],
  ['a blank app secret', (it) => appIdentity(it, { secret: secretOf(' \n') }), 'secret-missing'],
  ['an empty private key', (it) => uatIdentity(it, { privateKey: secretOf('') }), 'secret-missing'],
  ['an empty password', () => passwordIdentity('anna', ''), 'secret-missing'],
  ['a key that is no PEM', (it) => uatIdentity(it, { privateKey: secretOf('MIIEvQ') }), 'bad-configuration'],
  ['a key of EC', (it) => uatIdentity(it, { privateKey: secretOf(PEM_OF_EC) }), 'bad-configuration'],
  [
    'a key that is encrypted',
    (it) => uatIdentity(it, { privateKey: secretOf(ENCRYPTED) }),
    'bad-configuration',
  ],
  [
    'a key too short',
    (it) => uatIdentity(it, { privateKey: secretOf(rsaPair(1024).privateKey) }),
    'bad-configuration',
  ],
  [
    'a public key',
    (it) => uatIdentity(it, { privateKey: secretOf(rsaPair().publicKey) }),
    'bad-configuration',
  ],
  ['a claim that is taken', (it) => uatIdentity(it, { userClaim: 'iss' }), 'bad-configuration'],
]

const ENCRYPTED_OF_OLD = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'pkcs1', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs1', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' },
})

describe('a private key that is none says what it is', () => {
  it.each([
    ['encrypted', ENCRYPTED, 'is encrypted', 'openssl pkcs8'],
    ['encrypted, in the old form', ENCRYPTED_OF_OLD.privateKey, 'is encrypted', 'openssl pkcs8'],
    ['encrypted, on one line', ENCRYPTED.replaceAll('\n', '\\n'), 'is encrypted', 'openssl pkcs8'],
    ['public', rsaPair().publicKey, 'is a public key', 'private half'],
    ['public, in the old form', ENCRYPTED_OF_OLD.publicKey, 'is a public key', 'private half'],
    ['too short', rsaPair(1024).privateKey, 'at least 2048 bits', 'whole PEM text'],
  ])('%s', async (_, pem, says, next) => {
    const simulator = await openToAll()
    const error = await refused(simulator.url, uatIdentity(simulator, { privateKey: secretOf(pem) }))
    expect(error.message).toContain(says)
    expect(error.next).toContain(next)
    expect(error.message + error.next).not.toContain(pem.slice(40, 60))
  })
})

describe('nothing is sent', () => {
  it.each(UNUSABLE)('with %s', async (_, identityFor, code) => {
    const simulator = await openToAll()
    expect(await refused(simulator.url, identityFor(simulator))).toMatchObject({ code })
    expect(simulator.counters()['requests']).toBeUndefined()
  })

  /** What the machine did for a network while something ran. */
  const networkUseOf = async (run: () => Promise<unknown>): Promise<readonly string[]> => {
    const used: string[] = []
    const hook = createHook({ init: (_, type) => used.push(type) }).enable()
    await run().finally(() => hook.disable())
    return used.filter((type) => /GETADDRINFO|CONNECT/.test(type))
  }

  it('with a password for Tableau Cloud; its host is not even looked up', async () => {
    const url = 'https://10ax.online.tableau.com'
    const used = await networkUseOf(async () => {
      expect(await refused(url, passwordIdentity('anna', 's3cret-pass'))).toMatchObject({
        code: 'bad-configuration',
        message: expect.stringContaining('multi-factor authentication'),
        next: expect.stringContaining('personal access token or a connected app'),
      })
    })
    expect(used).toEqual([])
  })

  it('and this test would see a look-up', async () => {
    const run = () => refused('https://nowhere.invalid', patIdentity('nightly', 's3cret'))
    expect(await networkUseOf(run)).not.toEqual([])
  })
})

it('signs in to the default site by that name', async () => {
  const simulator = await openToAll({ site: '' })
  const wrong = signInAs(simulator, appIdentity(simulator, { user: 'nobody' }))
  await expect(connect(optionsFor(simulator.url, wrong))).rejects.toMatchObject({
    message: expect.stringContaining('the default site'),
  })
})
