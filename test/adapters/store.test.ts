import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { diskStore } from '../../lib/adapters/local/store.ts'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import { objectStoreContract } from './contract.ts'

let base: string
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'almanac-contract-'))
})
afterAll(() => rm(base, { recursive: true, force: true }))

const ADAPTERS: Readonly<Record<string, () => Promise<ObjectStore>>> = {
  memory: async () => memoryStore(),
  disk: async () => diskStore(await mkdtemp(join(base, "it's a warehouse-"))),
}

for (const [adapter, open] of Object.entries(ADAPTERS)) objectStoreContract(adapter, open)
