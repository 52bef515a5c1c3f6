import { newRun } from '../connection/run-id.ts'
import type { Entity } from '../core/entity.ts'
import { AlmanacError } from '../core/errors.ts'
import type { Engine } from '../transform/engine.ts'
import {
  type Call,
  COMMON,
  type Command,
  formatOf,
  hasFlag,
  requiredOption,
  SELECT,
  textOption,
} from './command.ts'
import { type Loaded, writeLoaded } from './loaded.ts'
import { note } from './note.ts'
import { writeAnswer } from './output.ts'
import { withEngine } from './run-ports.ts'
import { dayOption, selectedEntities } from './selection.ts'
import { answerOf, columnsOf } from './value.ts'
import { existingWarehouse, oneSite, type Warehouse } from './warehouse.ts'

interface Target {
  readonly call: Call
  readonly warehouse: Warehouse
  readonly site: string
  readonly entities: readonly Entity[]
  readonly engine: Engine
}

async function loadAll({ call, warehouse, site, entities, engine }: Target): Promise<number> {
  const { load } = await import('../load/load.ts')
  const dt = dayOption(call.options)
  const run = newRun(Date.now())
  const loaded: Loaded[] = []
  for (const entity of entities) {
    const result = await load(warehouse.store, engine, entity, site, run, dt)
    loaded.push({ entity: entity.name, site, result })
  }
  return writeLoaded(call, loaded)
}

async function rebuildAll({ call, warehouse, site, entities, engine }: Target): Promise<number> {
  const { rebuild } = await import('../load/load.ts')
  const rows: [string, string, number][] = []
  for (const entity of entities)
    rows.push([site, entity.name, await rebuild(warehouse.store, engine, entity, site)])
  await writeAnswer(call.io, formatOf(call.options), answerOf(columnsOf('site', 'entity', '#objects'), rows))
  return 0
}

async function replaceOne({ call, warehouse, site, entities, engine }: Target): Promise<number> {
  const { options } = call
  const [entity] = entities
  if (entity === undefined || textOption(options, 'select') === undefined || entities.length !== 1)
    throw new AlmanacError('usage', '--replace corrects one entity', { next: 'Name it with --select.' })
  const dt = dayOption(options)
  if (dt === undefined)
    throw new AlmanacError('usage', '--replace corrects one day', { next: 'Name it with --date.' })
  const reason = requiredOption(options, 'reason', 'a correction says why')
  const replaces = requiredOption(options, 'replace', 'the SHA-256 that the day has now')
  const { replaceDay } = await import('../load/correct.ts')
  const run = newRun(Date.now())
  const result = await replaceDay(warehouse.store, engine, entity, site, {
    ...{ dt, replaces, run, reason },
    with: textOption(options, 'with'),
  })
  const { sha256, rows, observedFrom } = result.reading
  const what = `the reading ${sha256.slice(0, 12)} now, of ${rows} rows, read at ${new Date(observedFrom).toISOString()}`
  await note(call, `${entity.name} of ${site}: ${dt} is ${what}`)
  return writeLoaded(call, [{ entity: entity.name, site, result }])
}

async function run(call: Call): Promise<number> {
  const { options } = call
  const entities = selectedEntities(options)
  dayOption(options)
  const isCorrection = textOption(options, 'replace') !== undefined
  if (!isCorrection && textOption(options, 'with') !== undefined)
    throw new AlmanacError('usage', '--with names the reading that comes into the place of another', {
      next: 'Name that other one with --replace.',
    })
  const warehouse = await existingWarehouse(call)
  const site = await oneSite(warehouse, call)
  return withEngine((engine) => {
    const target = { call, warehouse, site, entities, engine }
    if (hasFlag(options, 'rebuild')) return rebuildAll(target)
    return isCorrection ? replaceOne(target) : loadAll(target)
  })
}

/** Commits what landing holds; corrects a day; rebuilds what is published. */
export const LOAD: Command = {
  name: 'load',
  args: [],
  doc: 'commit and publish what "extract" or a crashed run left in landing',
  options: [
    SELECT,
    { flags: '--date <day>', doc: 'the day whose changes are counted, or that is corrected' },
    {
      flags: '--replace <sha>',
      doc: 'correct --date: take another reading for the one with this SHA-256, or for "withdrawn"',
    },
    {
      flags: '--with <sha>',
      doc: 'the reading that --replace takes, also one that would be held; else the withdrawn or the newest one',
    },
    { flags: '--reason <text>', doc: 'why a day is corrected; kept with it' },
    { flags: '--rebuild', doc: 'make everything published anew from what is committed' },
    ...COMMON,
  ],
  examples: [
    'almanac load',
    'almanac load --rebuild --select workbooks',
    'almanac load --select users --date 2026-11-01 --replace 3f9a0c12 --reason "read during an upgrade"',
  ],
  judges: true,
  run,
}
