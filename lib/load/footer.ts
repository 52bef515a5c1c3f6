import { parquetMetadata } from 'hyparquet'

/**
 * The metadata of ours in the footer of a Parquet file. Read without the engine: a load asks this of several published
 * objects, mostly to find that nothing is to do. Nothing for bytes that are no Parquet file: whatever put them there, they
 * say nothing of themselves, and are made anew.
 */
export function footerMetadata(bytes: Uint8Array): Readonly<Record<string, string>> {
  try {
    const file = bytes.slice().buffer
    const entries = parquetMetadata(file).key_value_metadata ?? []
    return Object.fromEntries(entries.map(({ key, value }) => [key, value ?? '']))
  } catch {
    return {}
  }
}

/** A test for `publish`: whether the object that is there was made of these inputs. */
export const isMadeOf =
  (inputs: string) =>
  ({ bytes }: { readonly bytes: Uint8Array }): Promise<boolean> =>
    Promise.resolve(footerMetadata(bytes)['inputs'] === inputs)
