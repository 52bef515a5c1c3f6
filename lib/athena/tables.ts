import type { Entity } from '../core/entity.ts'
import { COVERAGE, type Table, tablesOf } from '../tables/table.ts'
import { description, type GlueTable, glueColumn } from './glue.ts'
import { projection, type Warehouse } from './projection.ts'
import { REPORT_COLUMNS, REPORT_PARTITIONS, RUN_REPORTS } from './runs.ts'

/** The stored months of an event: the view of the event's own name removes doubles from it. */
export const monthsOf = (entity: Entity): string => `${entity.name}_months`

const PARQUET = {
  inputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat',
  outputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat',
  // By name, as Athena does by itself: files of before a column was declared do not have it.
  serdeInfo: {
    serializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe',
    parameters: { 'parquet.column.index.access': 'false' },
  },
}

function parquetTable(at: Warehouse, table: Table, name: string, entities: readonly string[]): GlueTable {
  const prefix = `${table.area}/${table.entity === undefined ? '' : `entity=${table.entity}/`}`
  return {
    name,
    description: description(table.doc),
    tableType: 'EXTERNAL_TABLE',
    parameters: {
      EXTERNAL: 'TRUE',
      classification: 'parquet',
      ...projection(at, prefix, table.partitions, entities),
    },
    partitionKeys: table.partitions.map(glueColumn),
    storageDescriptor: {
      columns: table.columns.map(glueColumn),
      location: `s3://${at.bucketName}/${prefix}`,
      ...PARQUET,
    },
  }
}

/**
 * The run reports. They are JSON over several lines, which Athena's readers of JSON take for several rows: its reader
 * of Ion, of which JSON is a part, does not go by lines.
 */
const reportTable = (at: Warehouse): GlueTable => ({
  name: RUN_REPORTS,
  description: 'The reports of all runs, as they are stored: ask runs and run_entities.',
  tableType: 'EXTERNAL_TABLE',
  parameters: {
    EXTERNAL: 'TRUE',
    classification: 'ion',
    ...projection(at, 'runs/', REPORT_PARTITIONS, []),
  },
  partitionKeys: REPORT_PARTITIONS.map(glueColumn),
  storageDescriptor: {
    columns: REPORT_COLUMNS.map(({ name, type, doc }) => ({ name, type, comment: doc })),
    location: `s3://${at.bucketName}/runs/`,
    inputFormat: 'com.amazon.ionhiveserde.formats.IonInputFormat',
    outputFormat: 'com.amazon.ionhiveserde.formats.IonOutputFormat',
    serdeInfo: {
      serializationLibrary: 'com.amazon.ionhiveserde.IonHiveSerDe',
      parameters: Object.fromEntries(
        REPORT_COLUMNS.map(({ name, field }) => [`ion.${name}.path_extractor`, `(${field})`]),
      ),
    },
  },
})

/** The tables over stored objects: those of every entity, what coverage there is, and the reports of runs. */
export function storedTables(at: Warehouse, entities: readonly Entity[]): readonly GlueTable[] {
  const perParent = entities.filter(({ read }) => read.shape === 'children').map(({ name }) => name)
  return [
    ...entities.flatMap((entity) =>
      tablesOf(entity).map((table) =>
        parquetTable(at, table, table.area === 'event' ? monthsOf(entity) : table.name, []),
      ),
    ),
    ...(perParent.length === 0 ? [] : [parquetTable(at, COVERAGE, COVERAGE.name, perParent)]),
    reportTable(at),
  ]
}
