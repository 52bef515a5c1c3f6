import type { DerivedView } from '../core/derived.ts'
import type { Entity } from '../core/entity.ts'
import {
  type Example,
  examplesOf,
  RUN_EXAMPLES,
  UNKNOWN_EXAMPLE,
  viewExamples,
} from '../questions/examples.ts'
import { asOfSql } from './trino.ts'

/** A statement that Athena keeps under a name: prepared, or as a question to begin with. */
export interface Statement {
  readonly name: string
  readonly doc: string
  readonly sql: string
}

/** A table as of a day, `EXECUTE workbooks_at USING DATE '2026-11-01'`: views take no parameters, prepared statements do. */
export const preparedStatements = (entities: readonly Entity[]): readonly Statement[] =>
  entities
    .filter(({ kind }) => kind === 'state')
    .map((entity) => ({
      name: `${entity.name}_at`,
      doc: `${entity.name} as of a day: EXECUTE ${entity.name}_at USING DATE '2026-11-01'. Tracked columns; each site as of its last complete day up to then.`,
      sql: asOfSql(entity, 'CAST(? AS date)'),
    }))

const AS_OF = /\b([a-z_]+)_at\((DATE '\d{4}-\d{2}-\d{2}')\)/g

/** A question of the dictionary in Trino: a table as of a day stands there as what it means. */
export function inTrino(sql: string, entities: readonly Entity[]): string {
  return sql.replaceAll(AS_OF, (found, table: string, day: string) => {
    const entity = entities.find(({ name }) => name === table)
    return entity === undefined ? found : `(${asOfSql(entity, day)})`
  })
}

/** The questions of the data dictionary, by the words in which they are asked. */
export function namedQueries(
  entities: readonly Entity[],
  views: readonly DerivedView[],
): readonly Statement[] {
  const statement = (about: string, { asks, sql }: Example): Statement => ({
    name: `${about}: ${asks}`,
    doc: asks,
    sql: inTrino(sql, entities),
  })
  return [
    ...entities.flatMap((entity) => examplesOf(entity).map((each) => statement(entity.name, each))),
    ...views.flatMap(({ name }) => viewExamples(name).map((each) => statement(name, each))),
    ...RUN_EXAMPLES.map((each) => statement('runs', each)),
    statement('users_snapshots', UNKNOWN_EXAMPLE),
  ]
}
