import { randomUUID } from 'node:crypto'
import { inspect } from 'node:util'
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { openSecretsManager } from '../../lib/adapters/aws/client.ts'
import { awsVault } from '../../lib/adapters/aws/vault.ts'
import { memoryVault } from '../../lib/adapters/memory/vault.ts'
import type { Vault } from '../../lib/core/ports.ts'
import { DIRECT } from '../../lib/network/way.ts'
import type { Fault } from '../aws/faults.ts'
import { type SecretsServer, startSecrets } from '../aws/secrets-server.ts'
import { CANARY, REGION } from '../aws/warehouse.ts'

let server: SecretsServer
let client: SecretsManagerClient
beforeAll(async () => {
  server = await startSecrets()
  client = await openSecretsManager({
    way: DIRECT,
    region: REGION,
    endpoint: server.url,
    credentials: CANARY,
    attempts: 2,
  })
})
afterAll(async () => {
  client.destroy()
  await server.close()
})

/** A vault on a secret that was made and never written. */
function freshAws(): Vault {
  const name = `almanac/session/${randomUUID()}`
  server.secrets.set(name, 'no value')
  return awsVault(name, client)
}

const ADAPTERS: Readonly<Record<string, () => Vault>> = { memory: memoryVault, aws: freshAws }

describe.each(Object.entries(ADAPTERS))('the vault: %s', (_, open) => {
  it('keeps nothing at first', async () => {
    expect(await open().read()).toBeUndefined()
  })

  it.each([['{"a":"ä € 🗝 \\" \\n"}'], ['x'.repeat(60_000)]])('gives back what was written', async (text) => {
    const vault = open()
    await vault.write(text)
    expect(await vault.read()).toBe(text)
  })

  it('keeps what was written last', async () => {
    const vault = open()
    for (const text of ['one', 'two', 'three']) await vault.write(text)
    expect([await vault.read(), await vault.read()]).toEqual(['three', 'three'])
  })

  it('is one vault each', async () => {
    const [one, other] = [open(), open()]
    await one.write('mine')
    expect(await other.read()).toBeUndefined()
  })
})

const TEXT = 'canary-t0kenOfASession|9a8b7c6d'
const lost: Fault = { kind: 'lost answer' }
const denied: Fault = { kind: 'error', status: 400, code: 'AccessDeniedException' }

describe('the vault in AWS Secrets Manager', () => {
  const failing = async (work: () => Promise<unknown>, fault?: Fault): Promise<unknown> => {
    if (fault !== undefined) server.faults.set(() => fault)
    onTestFinished(() => server.faults.clear())
    const thrown = await work().then(
      () => undefined,
      (reason: unknown) => reason,
    )
    expect(inspect(thrown, { depth: 20, showHidden: true })).not.toContain('canary')
    return thrown
  }

  it('says that its secret is not there when it is to be written', async () => {
    const vault = awsVault('almanac/nowhere', client)
    expect(await vault.read()).toBeUndefined()
    expect(await failing(() => vault.write(TEXT))).toMatchObject({
      code: 'secret-missing',
      message: `AWS secret almanac/nowhere, region ${REGION}: there is no such secret in this region (ResourceNotFoundException)`,
    })
  })

  it.each([
    ['read', 'secretsmanager:GetSecretValue'],
    ['write', 'secretsmanager:PutSecretValue'],
  ] as const)('says what it takes to %s', async (method, permission) => {
    const vault = freshAws()
    await vault.write(TEXT)
    expect(await failing(() => vault[method](TEXT), denied)).toMatchObject({
      code: 'secret-missing',
      next: expect.stringContaining(permission),
    })
  })

  it('says that no answer came', async () => {
    const vault = freshAws()
    expect(await failing(() => vault.write(TEXT), lost)).toMatchObject({ code: 'unreachable' })
  })
})
