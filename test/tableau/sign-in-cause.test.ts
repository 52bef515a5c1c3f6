import { expect, it } from 'vitest'
import { secretOf } from '../../lib/core/secret.ts'
import type { Simulator } from '../../lib/simulator/server.ts'
import { connect } from '../../lib/tableau/client.ts'
import type { Identity } from '../../lib/tableau/identity.ts'
import { reasonOf } from '../../lib/tableau/reason.ts'
import { optionsFor } from './servers.ts'
import { adminOf, appIdentity, openToAll, rsaPair, signInAs, uatIdentity } from './sign-in-identities.ts'

const CAUSES: readonly (readonly [string, number, (simulator: Simulator) => Identity])[] = [
  ['secret', 127, (it) => appIdentity(it, { secret: secretOf('wrong-secret-of-the-app') })],
  ['secret ID', 127, (it) => appIdentity(it, { secretId: 'no-such-id' })],
  ['client ID', 126, (it) => appIdentity(it, { clientId: 'no-such-app' })],
  ['user', 5, (it) => appIdentity(it, { user: 'nobody' })],
  ['case of the user', 5, (it) => appIdentity(it, { user: adminOf(it).toUpperCase() })],
  ['scopes', 10084, (it) => appIdentity(it, { scopes: [] })],
  ['private key', 10083, (it) => uatIdentity(it, { privateKey: secretOf(rsaPair().privateKey) })],
  ['key ID', 10085, (it) => uatIdentity(it, { keyId: 'key-2' })],
  ['tenant', 10084, (it) => uatIdentity(it, { tenantId: 'tenant-2' })],
]

it.each(CAUSES)('a wrong %s is told by its cause (%i)', async (_, number, identityFor) => {
  const simulator = await openToAll()
  const error = connect(optionsFor(simulator.url, signInAs(simulator, identityFor(simulator))))
  await expect(error).rejects.toMatchObject({
    code: 'sign-in-refused',
    message: expect.stringContaining(`${number}): ${reasonOf(number)?.means}`),
    next: reasonOf(number)?.next,
    details: { status: 401, reason: number },
  })
})

it('an app that is disabled is told as one that is not there', async () => {
  const connectedApps = [{ clientId: 'app', secretId: 'id', secret: 'secret-of-the-app', enabled: false }]
  const simulator = await openToAll({ connectedApps })
  const options = optionsFor(simulator.url, signInAs(simulator, appIdentity(simulator)))
  await expect(connect(options)).rejects.toMatchObject({
    message: expect.stringContaining('could not be found'),
    next: expect.stringContaining('enabled'),
  })
})
