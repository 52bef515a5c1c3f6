import { randomBytes } from 'node:crypto'

/**
 * A marker is an empty dot-file beside an object, whose name records the SHA-256 and size that one write gave it:
 * `.data.parquet.<sha256>.<size>.<file number>.<write>`. It is durable before the object gets its name, so that at
 * every crash point the object's bytes match one of its markers. The file number (inode) says to which of several the
 * object's present file belongs. The last part is random and makes it the marker of one write: two writers of the same
 * bytes never share one, even when a file number is used again at once, so each may take its own away.
 */
export interface Marker {
  /** The marker's own file name. */
  readonly name: string
  /** The file name of its object. */
  readonly object: string
  readonly sha256: string
  /** Bytes. */
  readonly size: number
  /** Number of the file that held the bytes when they were written; another one after the warehouse was copied. */
  readonly file: string
}

const MARKER = /^\.(.+)\.([0-9a-f]{64})\.(\d{1,16})\.(\d{1,20})\.[0-9a-f]{8}$/

/** A new name for the marker of the bytes in one file. */
export const markerName = (object: string, sha256: string, size: number, file: string): string =>
  `.${object}.${sha256}.${size}.${file}.${randomBytes(4).toString('hex')}`

/** Takes a file name apart; undefined when it is no marker. */
export function parseMarker(name: string): Marker | undefined {
  const [, object, sha256, size, file] = MARKER.exec(name) ?? []
  if (object === undefined || sha256 === undefined || size === undefined || file === undefined)
    return undefined
  return { name, object, sha256, size: Number(size), file }
}

/** The marker that all of these agree on; undefined when there is none, or when a write is or was under way. */
export function onlyState(markers: readonly Marker[]): Marker | undefined {
  const [first] = markers
  return markers.every(({ sha256, size }) => sha256 === first?.sha256 && size === first.size)
    ? first
    : undefined
}
