import { generateKeyPairSync } from 'node:crypto'
import { onTestFinished } from 'vitest'
import { secretOf } from '../../lib/core/secret.ts'
import { type Simulator, type SimulatorOptions, startSimulator } from '../../lib/simulator/server.ts'
import {
  type ConnectedAppIdentity,
  type Identity,
  type PasswordIdentity,
  patIdentity,
  type UatIdentity,
} from '../../lib/tableau/identity.ts'

/** A key pair of RSA in PEM. */
export const rsaPair = (modulusLength = 2048): { publicKey: string; privateKey: string } =>
  generateKeyPairSync('rsa', {
    modulusLength,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })

export const KEYS = rsaPair()
export const SCOPES = [
  'tableau:content:read',
  'tableau:groups:read',
  'tableau:jobs:read',
  'tableau:users:read',
]
const UAT = { issuer: 'https://keys.example.com', keyId: 'key-1', tenantId: 'tenant-1', userClaim: 'email' }

/** A simulated server that takes every identity, closed when the test is over. */
export async function openToAll(options: SimulatorOptions = {}): Promise<Simulator> {
  const simulator = await startSimulator({
    counts: { users: 40, groups: 4, projects: 9, workbooks: 30, views: 60, datasources: 10, jobsPerDay: 9 },
    uat: [{ ...UAT, publicKey: KEYS.publicKey }],
    ...options,
  })
  onTestFinished(() => simulator.close())
  return simulator
}

/** The name of the site's administrator. */
export const adminOf = (simulator: Simulator): string => simulator.world().users[0]?.name ?? ''

/** The connected app of a simulated server, for its administrator. */
export function appIdentity(
  simulator: Simulator,
  changes: Partial<ConnectedAppIdentity> = {},
): ConnectedAppIdentity {
  const { clientId = '', secretId = '', secret = '' } = simulator.connectedApp ?? {}
  const user = adminOf(simulator)
  return {
    kind: 'connected-app',
    clientId,
    secretId,
    secret: secretOf(secret),
    user,
    scopes: SCOPES,
    ...changes,
  }
}

/** A unified access token for the administrator of a simulated server. */
export const uatIdentity = (simulator: Simulator, changes: Partial<UatIdentity> = {}): UatIdentity => ({
  kind: 'uat',
  ...UAT,
  privateKey: secretOf(KEYS.privateKey),
  user: adminOf(simulator),
  scopes: SCOPES,
  ...changes,
})

/** A name and a password. */
export const passwordIdentity = (user: string, password: string): PasswordIdentity => ({
  kind: 'password',
  user,
  password: secretOf(password),
})

/** The main personal access token of a simulated server. */
export const patOf = ({ patName, patSecret }: Simulator): Identity => patIdentity(patName, patSecret)

/** Signing in to the main site of a simulated server. */
export const signInAs = ({ url, site }: Simulator, identity: Identity) => ({
  signIn: { serverUrl: url, contentUrl: site, identity },
})
