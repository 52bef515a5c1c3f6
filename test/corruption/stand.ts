import type { Entity } from '../../lib/core/entity.ts'
import { ENTITIES, VIEWS } from '../../lib/entities/index.ts'
import { load } from '../../lib/load/load.ts'
import { query } from '../../lib/questions/query.ts'
import { relationsOf } from '../../lib/tables/relation.ts'
import type { Engine } from '../../lib/transform/engine.ts'
import type { Victim } from './damages.ts'
import { entityOf, isDerived, type Kind, kindOf, vacantLike } from './kinds.ts'
import { type Published, publishedOf } from './published.ts'
import type { Random } from './random.ts'
import type { Vault } from './vault.ts'
import { GROUPS, JOBS, MEMBERS, SITE, STORED, type World } from './world.ts'

/** What an entity has published before a load of what waits and after it, and what was found to hold the same rows. */
interface EntityTruth {
  readonly entity: Entity
  readonly before: Published
  readonly after: Published
  readonly proven: Set<string>
}

/** A warehouse to be damaged, and what is true of it while it is whole. */
export interface Stand {
  readonly vault: Vault
  readonly engine: Engine
  readonly world: World
  readonly truths: readonly EntityTruth[]
  /** By table: how many rows, and a sum over all cells. */
  readonly answers: ReadonlyMap<string, string>
}

/** What was damaged. */
export interface Target {
  readonly kind: Kind
  /** Undefined for what is the site's. */
  readonly entity: Entity | undefined
  /** The damaged objects. */
  readonly hurt: readonly string[]
  /** True for what somebody wrote through the store: its bytes are whole, and false all the same. */
  readonly isForged?: boolean
}

const RELATIONS = relationsOf(ENTITIES, VIEWS)

/** How many rows a table has, and a sum over all of its cells. */
export async function digestOf(vault: Vault, table: string): Promise<string> {
  const sql = `SELECT count(*), sum(hash(t)) FROM ${table} t`
  const { answer, reader } = await query(vault.shelf, RELATIONS, sql)
  try {
    const rows: string[] = []
    for await (const chunk of answer.chunks) rows.push(...chunk.map(String))
    return rows.join()
  } finally {
    reader.close()
  }
}

/** The table that questions read objects of this kind by; undefined when none does. */
export function tableOf(kind: Kind, entity: Entity | undefined): string | undefined {
  if (kind === 'runs' || kind === 'coverage') return kind
  if (!isDerived(kind) || entity === undefined) return undefined
  if (kind === 'snapshot') return `${entity.name}_snapshots`
  return kind === 'history' ? `${entity.name}_history` : entity.name
}

const TABLES = [
  ...[GROUPS, MEMBERS].flatMap(({ name }) => [name, `${name}_history`, `${name}_snapshots`]),
  'coverage',
  JOBS.name,
  'runs',
]

/** Opens a warehouse of this world, and finds out what is true of it. */
export async function openStand(
  open: (world: World) => Promise<Vault>,
  world: World,
  engine: Engine,
): Promise<Stand> {
  const vault = await open(world)
  const answers = new Map<string, string>()
  for (const table of TABLES) answers.set(table, await digestOf(vault, table))
  const truths: EntityTruth[] = []
  for (const entity of STORED) {
    const before = await publishedOf(vault.store, entity)
    await load(vault.store, engine, entity, SITE, 'truth')
    truths.push({ entity, before, after: await publishedOf(vault.store, entity), proven: new Set() })
  }
  await vault.reset()
  return { vault, engine, world, truths, answers }
}

/** What is true of the entity that a target belongs to. Throws for what is the site's. */
export function truthOf({ truths }: Stand, { entity, hurt }: Target): EntityTruth {
  const truth = truths.find((each) => each.entity === entity)
  if (truth === undefined) throw new Error(`${hurt.join(', ')} belongs to no entity`)
  return truth
}

/** An object of a kind, chosen at random, with what a damage may use. */
export function victimOf({ world }: Stand, kind: Kind, random: Random): Victim {
  const { objects, older } = world
  const bytesOf = (key: string): Uint8Array => objects.get(key) ?? new Uint8Array()
  const key = random.of([...objects.keys()].filter((each) => kindOf(each) === kind))
  const entity = entityOf(key)
  const others = [...objects.keys()].filter((each) => each !== key && entityOf(each) === entity)
  const alike = others.filter((each) => kindOf(each) === kind)
  // An object that is the only one of its kind changes places with another one: of what can be made again, if it can be.
  const near = alike.length > 0 ? alike : others.filter((each) => isDerived(kindOf(each)) === isDerived(kind))
  const sibling = random.of(near)
  return {
    key,
    bytes: bytesOf(key),
    sibling: { key: sibling, bytes: bytesOf(sibling) },
    older: random.of(older.get(key) ?? [bytesOf(sibling)]),
    vacant: vacantLike(key, random),
  }
}
