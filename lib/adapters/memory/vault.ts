import type { Vault } from '../../core/ports.ts'

/** A vault in memory, for tests and simulations. */
export function memoryVault(): Vault {
  let kept: string | undefined
  return {
    read: async () => kept,
    write: async (text) => {
      kept = text
    },
  }
}
