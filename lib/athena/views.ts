import type { ColumnType } from '../core/column.ts'
import type { DerivedView } from '../core/derived.ts'
import type { Entity } from '../core/entity.ts'
import { MEANINGS } from '../tables/meanings.ts'
import { relationsOf } from '../tables/relation.ts'
import { type TableColumn, tablesOf } from '../tables/table.ts'
import { description, type GlueTable, glueColumn } from './glue.ts'
import { RUN_ENTITIES_COLUMNS, RUN_ENTITIES_SQL, RUNS_COLUMNS, RUNS_SQL } from './runs.ts'
import { monthsOf } from './tables.ts'
import { changesSql, eventSql, labelOf } from './trino.ts'

/** A view in the dialect of Trino, which Athena speaks. */
export interface AthenaView {
  readonly name: string
  readonly doc: string
  readonly columns: readonly TableColumn[]
  readonly sql: string
}

type Undescribed = Omit<AthenaView, 'doc'>

/** Trino's type of each column type. */
const TRINO_TYPE: Readonly<Record<ColumnType, string>> = {
  text: 'varchar',
  integer: 'bigint',
  double: 'double',
  boolean: 'boolean',
  timestamp: 'timestamp',
  date: 'date',
  list: 'array(varchar)',
}

const column = (name: string, type: ColumnType, doc: string): TableColumn => ({
  name,
  type,
  doc,
  isPersonal: false,
})

function changesView(entity: Entity): Undescribed {
  const label = labelOf(entity)
  const shown = label === undefined ? entity.key : [...entity.key, label]
  const meaning = (name: string): string => MEANINGS['changes']?.[name] ?? MEANINGS['*']?.[name] ?? ''
  const own = (name: string, type: ColumnType): TableColumn => column(name, type, meaning(name))
  return {
    name: `${entity.name}_changes`,
    columns: [
      own('site', 'text'),
      ...shown.map((name) =>
        column(name, entity.columns[name]?.type ?? 'text', entity.columns[name]?.doc ?? ''),
      ),
      own('changed_on', 'date'),
      own('changed_after', 'date'),
      ...['kind', 'column', 'old_value', 'new_value'].map((name) => own(name, 'text')),
    ],
    sql: changesSql(entity),
  }
}

function eventView(entity: Entity): Undescribed {
  const columns = tablesOf(entity).flatMap((table) => [
    ...table.partitions.filter(({ name }) => name !== 'month'),
    ...table.columns,
  ])
  const shown = columns.map(({ name }) => name)
  return { name: entity.name, columns, sql: eventSql(entity, monthsOf(entity), shown) }
}

const derivedView = ({ name, columns, sql }: DerivedView): Undescribed => ({
  name,
  columns: Object.entries(columns).map(([each, [type, means]]) => column(each, type, means)),
  sql,
})

/** The views: what changed in each entity, each kind of event without doubles, the runs, and the derived ones. */
export function athenaViews(
  entities: readonly Entity[],
  views: readonly DerivedView[],
): readonly AthenaView[] {
  const docs = new Map(relationsOf(entities, views).map(({ name, doc }) => [name, doc]))
  return [
    ...entities.map((entity) => (entity.kind === 'event' ? eventView(entity) : changesView(entity))),
    { name: 'runs', columns: RUNS_COLUMNS, sql: RUNS_SQL },
    { name: 'run_entities', columns: RUN_ENTITIES_COLUMNS, sql: RUN_ENTITIES_SQL },
    ...views.map(derivedView),
  ].map((view) => ({ ...view, doc: docs.get(view.name) ?? '' }))
}

/** A view as the Glue catalog keeps it for Athena: its SQL and columns as JSON in base64, within a comment. */
export function virtualView({ name, doc, columns, sql }: AthenaView, database: string): GlueTable {
  const facts = {
    originalSql: sql,
    catalog: 'awsdatacatalog',
    schema: database,
    columns: columns.map((each) => ({ name: each.name, type: TRINO_TYPE[each.type] })),
  }
  return {
    name,
    description: description(doc),
    tableType: 'VIRTUAL_VIEW',
    parameters: { presto_view: 'true', comment: 'Presto View' },
    partitionKeys: [],
    storageDescriptor: {
      columns: columns.map(glueColumn),
      location: '',
      serdeInfo: { name: '-', serializationLibrary: '-' },
    },
    viewOriginalText: `/* Presto View: ${Buffer.from(JSON.stringify(facts)).toString('base64')} */`,
    viewExpandedText: '/* Presto View */',
  }
}
