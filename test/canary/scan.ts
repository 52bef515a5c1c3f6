import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect } from 'node:util'
import type { ObjectStore } from '../../lib/core/ports.ts'
import { type Found, searchFor } from './search.ts'
import type { Canary } from './spellings.ts'
import { type Layer, unpacked } from './unpack.ts'

/** A piece of a secret that shows, and in which place. */
export interface Hit extends Found {
  readonly place: string
}

/** What a scan came to. */
export interface Scan {
  readonly hits: readonly Hit[]
  /** Packages that could not be opened. */
  readonly unread: readonly string[]
  readonly places: number
  /** Bytes searched, those of opened packages included. */
  readonly bytes: number
}

/** Everything that can be looked at of a run. */
export interface World {
  /** Outputs, logs, requests, by what they are. */
  readonly texts?: Readonly<Record<string, string>>
  /** Thrown values, events, clients, by what they are: looked at in every way that a value can be printed. */
  readonly values?: Readonly<Record<string, unknown>>
  /** Every object of a warehouse, and every key. */
  readonly store?: Pick<ObjectStore, 'list' | 'read'>
  /** Folders with everything below them; one that is not there is empty. */
  readonly folders?: readonly string[]
  /** Bytes from elsewhere, by their place. */
  readonly objects?: Iterable<readonly [place: string, bytes: Uint8Array]>
}

/** A value as people and programs get to see it: inspected to the end, as JSON, as a text, its stack and its causes. */
export function seen(value: unknown): string {
  const whole = {
    depth: Infinity,
    showHidden: true,
    getters: true,
    maxStringLength: null,
    maxArrayLength: null,
  }
  const texts = [inspect(value, whole), String(value), JSON.stringify(value, plainly) ?? '']
  if (value instanceof Error)
    texts.push(value.stack ?? '', value.cause === undefined ? '' : seen(value.cause))
  return texts.join('\n')
}

/** JSON leaves out what an error holds, and knows no bigint. */
function plainly(_name: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value)
  return value instanceof Error ? Object.getOwnPropertyDescriptors(value) : value
}

async function filesBelow(folder: string): Promise<readonly Layer[]> {
  if (!existsSync(folder)) return []
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
  return Promise.all(files.map(async (name) => ({ name, bytes: await readFile(name) })))
}

async function objectsOf(store: Pick<ObjectStore, 'list' | 'read'>): Promise<readonly Layer[]> {
  const keys = (await store.list('')).map(({ key }) => key)
  const objects = await Promise.all(keys.map((key) => store.read(key)))
  return objects.flatMap((object) =>
    object === undefined ? [] : [{ name: object.key, bytes: object.bytes }],
  )
}

async function layersOf(world: World): Promise<readonly Layer[]> {
  const { texts = {}, values = {}, store, folders = [], objects = [] } = world
  const inspected = Object.entries(values).map(([name, value]) => [name, seen(value)] as const)
  const written = [...Object.entries(texts), ...inspected]
  return [
    ...written.map(([name, text]) => ({ name, bytes: Buffer.from(text) })),
    ...(store === undefined ? [] : await objectsOf(store)),
    ...(await Promise.all(folders.map(filesBelow))).flat(),
    ...[...objects].map(([name, bytes]) => ({ name, bytes })),
  ]
}

/** Looks for every part of eight characters of these secrets, in every spelling, in everything of a world. */
export async function scanWorld(secrets: readonly Canary[], world: World): Promise<Scan> {
  const search = searchFor(secrets)
  const opened = await Promise.all((await layersOf(world)).map((layer) => unpacked(layer)))
  const layers = opened.flatMap(({ layers: all }) => all)
  // The name of a place is one: keys and file names hold no secret either.
  const hits = layers.flatMap(({ name, bytes }) =>
    [...search(bytes), ...search(Buffer.from(name))].map((found) => ({ ...found, place: name })),
  )
  const bytes = layers.reduce((sum, layer) => sum + layer.bytes.byteLength, 0)
  return { hits, unread: opened.flatMap(({ unread }) => unread), places: layers.length, bytes }
}

/** A hit as a failing test shows it: enough to find it, and no secret. */
export const hitText = ({ secret, spelling, place, at }: Hit): string =>
  `${secret} (${spelling}) in ${place}, at ${at}`
