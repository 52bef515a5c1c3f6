import { parquetMetadata } from 'hyparquet'
import { AlmanacError } from '../core/errors.ts'

/**
 * The metadata of ours in the footer of a Parquet file. Read without the engine: a load asks this of several published
 * objects, mostly to find that nothing is to do. Throws `corrupt-object` when the bytes are no Parquet file.
 */
export function footerMetadata(bytes: Uint8Array): Readonly<Record<string, string>> {
  try {
    const file = bytes.slice().buffer
    const entries = parquetMetadata(file).key_value_metadata ?? []
    return Object.fromEntries(entries.map(({ key, value }) => [key, value ?? '']))
  } catch (cause) {
    throw new AlmanacError('corrupt-object', 'a published object is no Parquet file', { cause })
  }
}

/** A test for `publish`: whether the object that is there was made of these inputs. */
export const isMadeOf =
  (inputs: string) =>
  ({ bytes }: { readonly bytes: Uint8Array }): Promise<boolean> =>
    Promise.resolve(footerMetadata(bytes)['inputs'] === inputs)
