import { isError } from '../core/errors.ts'
import type { StoredColumn } from '../core/receipt.ts'
import type { Desk } from '../load/desk.ts'
import { readDerived } from '../load/publish.ts'
import type { StagedFile } from '../load/transforms.ts'
import type { Finding } from './finding.ts'
import { rebuildHint } from './hint.ts'

/** A finding of an object that is whole and not as it should be. */
export const wrong = ({ at }: Desk, key: string, message: string, next: string): Finding => ({
  ...at,
  key,
  level: 'wrong',
  message,
  next,
})

/** A published object, and what it should be. */
interface Expected {
  readonly key: string
  file(): Promise<StagedFile>
  /** The SHA-256 of bytes that are right, and need no look at their rows. */
  readonly sameBytes?: string | null
}

/** Compares a published object with what it should be; `makers` says in a finding what makes it. */
export async function* compare(
  desk: Desk,
  { key, file, sameBytes }: Expected,
  columns: readonly StoredColumn[],
  makers = 'the manifests make',
): AsyncGenerator<Finding> {
  const hint = rebuildHint(desk.at)
  const object = await readDerived(desk.store, key)
  if (object === undefined) {
    yield wrong(desk, key, `${key} is not there or damaged`, hint)
    return
  }
  if (object.sha256 === sameBytes) return
  const [published, expected] = [await desk.transforms.stage(object.bytes), await file()]
  try {
    const rows = await desk.transforms.differences(published, expected, columns)
    if (rows > 0) yield wrong(desk, key, `${rows} rows differ from what ${makers} of it`, hint)
  } catch (error) {
    if (!isError(error, 'internal')) throw error
    yield wrong(desk, key, `its columns are not those declared: ${error.message}`, hint)
  }
}
