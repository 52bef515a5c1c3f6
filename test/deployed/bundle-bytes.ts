import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { deflateRawSync } from 'node:zlib'

const sum = (sizes: readonly number[]): number => sizes.reduce((all, size) => all + size, 0)

function filesOf(folder: string): readonly Buffer[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name))
  return files.filter((file) => statSync(file).isFile()).map((file) => readFileSync(file))
}

/** Bytes of a function as it lies on Lambda. */
export const unpackedBytes = (folder: string): number => sum(filesOf(folder).map(({ length }) => length))

/** Bytes of a function as it is uploaded, and as Lambda fetches it before a cold start: a zip, without its few bytes of names. */
export const zippedBytes = (folder: string): number =>
  sum(filesOf(folder).map((bytes) => deflateRawSync(bytes).length))
