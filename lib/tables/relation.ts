import type { DerivedView } from '../core/derived.ts'
import type { Entity } from '../core/entity.ts'
import { name } from '../engine/sql.ts'
import { runEntitiesView, runsView } from './runs.ts'
import { COVERAGE, type Table, tablesOf } from './table.ts'
import { atMacro, changesView, eventView, selectFrom } from './views.ts'

/** Something an analyst can select from. */
export interface Relation {
  readonly name: string
  readonly doc: string
  readonly kind: 'view' | 'macro'
  /** Relations that its SQL reads: they must be defined before it. */
  readonly needs: readonly string[]
  /** Which objects it reads: those below `prefix` whose key ends with `suffix`; undefined when it reads relations alone. */
  readonly objects: { readonly prefix: string; readonly suffix: string } | undefined
  /** The SQL of its body, over these files (paths or patterns). */
  body(files: readonly string[]): string
}

function tableRelation(table: Table, entity?: Entity): Relation {
  const below = table.entity === undefined ? '' : `entity=${table.entity}/`
  return {
    name: table.name,
    doc: table.doc,
    kind: 'view',
    needs: [],
    objects: { prefix: `${table.area}/${below}`, suffix: '/data.parquet' },
    body: (files) =>
      table.area === 'event' && entity !== undefined
        ? eventView(entity, selectFrom(table, files))
        : selectFrom(table, files),
  }
}

function historyRelations(entity: Entity): readonly Relation[] {
  const needs = [`${entity.name}_history`]
  const derived = { needs, objects: undefined } as const
  return [
    {
      ...derived,
      name: `${entity.name}_changes`,
      doc: `What changed in ${entity.name} and when: one row per changed column; new, returned and gone rows have one row.`,
      kind: 'view',
      body: () => changesView(entity),
    },
    {
      ...derived,
      name: `${entity.name}_at`,
      doc: `${entity.name} as of a day: ${entity.name}_at(DATE '2026-11-01'). Tracked columns; each site as of its last complete day up to then.`,
      kind: 'macro',
      body: () => atMacro(entity),
    },
  ]
}

const viewRelation = (view: DerivedView): Relation => ({
  name: view.name,
  doc: view.doc,
  kind: 'view',
  needs: view.over,
  objects: undefined,
  body: () => view.sql,
})

const RUN_OBJECTS = { prefix: 'runs/', suffix: '.json' } as const
const RUNS: readonly Relation[] = [
  { name: 'runs', doc: 'Every run.', kind: 'view', needs: [], objects: RUN_OBJECTS, body: runsView },
  {
    name: 'run_entities',
    doc: 'Every entity of every run: expected, fetched, verdict, calls.',
    kind: 'view',
    needs: [],
    objects: RUN_OBJECTS,
    body: runEntitiesView,
  },
]

/** Everything that can be selected from, each after what it needs. */
export const relationsOf = (
  entities: readonly Entity[],
  views: readonly DerivedView[],
): readonly Relation[] => [
  ...entities.flatMap((entity) => [
    ...tablesOf(entity).map((table) => tableRelation(table, entity)),
    ...(entity.kind === 'state' ? historyRelations(entity) : []),
  ]),
  tableRelation(COVERAGE),
  ...RUNS,
  ...views.map(viewRelation),
]

/** The statement that defines a relation over these files. */
export function definition(relation: Relation, files: readonly string[]): string {
  const body = relation.body(files)
  return relation.kind === 'macro'
    ? `CREATE OR REPLACE MACRO ${name(relation.name)}(day) AS TABLE ${body}`
    : `CREATE OR REPLACE VIEW ${name(relation.name)} AS ${body}`
}

/** The engine’s own tables of what is there, and the word of SHOW TABLES. */
const CATALOG =
  /(?<!\w)(tables|information_schema|pg_catalog|pg_(attribute|class|proc|tables|views)|sqlite_(master|schema)|duckdb_(columns|functions|tables|views))(?!\w)/i

/** Whether a statement may ask which relations there are, rather than for their rows. `named` is what it names. */
export const asksForNames = (sql: string, named: readonly Relation[]): boolean =>
  CATALOG.test(sql) || (named.length === 0 && /(?<!\w)(show|describe|desc)(?!\w)/i.test(sql))

/** The relations that a choice takes, and what they need. */
function withNeeds(all: readonly Relation[], isChosen: (name: string) => boolean): readonly Relation[] {
  const wanted = new Set<string>()
  const want = (relation: Relation): void => {
    if (wanted.has(relation.name)) return
    wanted.add(relation.name)
    for (const needed of relation.needs) all.filter(({ name: each }) => each === needed).forEach(want)
  }
  all.filter(({ name: each }) => isChosen(each)).forEach(want)
  return all.filter(({ name: each }) => wanted.has(each))
}

/** The relations that a statement may read: those it names anywhere, and what they need. Naming too many does no harm. */
export const relationsIn = (sql: string, all: readonly Relation[]): readonly Relation[] =>
  withNeeds(all, (each) => new RegExp(`(?<![A-Za-z0-9_])${each}(?![A-Za-z0-9_])`, 'i').test(sql))

/** The relations of these names, in any case, and what they need. */
export function relationsNamed(wanted: readonly string[], all: readonly Relation[]): readonly Relation[] {
  const lower = new Set(wanted.map((each) => each.toLowerCase()))
  return withNeeds(all, (each) => lower.has(each))
}
