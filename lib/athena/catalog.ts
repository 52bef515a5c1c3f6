import type { DerivedView } from '../core/derived.ts'
import type { Entity } from '../core/entity.ts'
import type { GlueTable } from './glue.ts'
import type { Warehouse } from './projection.ts'
import { namedQueries, preparedStatements, type Statement } from './statements.ts'
import { storedTables } from './tables.ts'
import { athenaViews, virtualView } from './views.ts'

/** Everything that Athena has to be told of a warehouse, as data. */
export interface Catalog {
  readonly tables: readonly GlueTable[]
  readonly views: readonly GlueTable[]
  readonly prepared: readonly Statement[]
  readonly queries: readonly Statement[]
}

/** The catalog of these entities and derived views in a database of Glue's. */
export const catalogOf = (
  database: string,
  at: Warehouse,
  entities: readonly Entity[],
  views: readonly DerivedView[],
): Catalog => ({
  tables: storedTables(at, entities),
  views: athenaViews(entities, views).map((view) => virtualView(view, database)),
  prepared: preparedStatements(entities),
  queries: namedQueries(entities, views),
})
