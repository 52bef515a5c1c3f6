import { Stack, type StackProps } from 'aws-cdk-lib'
import { CfnNamedQuery, CfnPreparedStatement, CfnWorkGroup } from 'aws-cdk-lib/aws-athena'
import { CfnDatabase, CfnTable } from 'aws-cdk-lib/aws-glue'
import type { Construct } from 'constructs'
import { catalogOf } from '../athena/catalog.ts'
import type { GlueTable } from '../athena/glue.ts'
import type { Warehouse } from '../athena/projection.ts'
import type { DerivedView } from '../core/derived.ts'
import type { Entity } from '../core/entity.ts'

/** What the catalog of an environment is made of. */
export interface CatalogProps extends StackProps, Warehouse {
  /** ARN of the key that the bucket, and what Athena answers, is encrypted with. */
  readonly keyArn: string
  /** Name of the database in Glue's catalog, and of the workgroup: lower case, digits, underscores. */
  readonly database: string
  readonly entities: readonly Entity[]
  readonly views: readonly DerivedView[]
  /** Bytes that one query may read before Athena stops it; 10 GB when not given. */
  readonly bytesScannedCutoff?: number
}

/** Where Athena leaves its answers, below the bucket. */
export const ATHENA_RESULTS = 'athena-results/'

const TEN_GB = 10_000_000_000

/** The published tables for Athena: a database, its tables and views, and a workgroup with statements and questions. */
export class CatalogStack extends Stack {
  /** Name of the workgroup: who queries the tables works in it. */
  readonly workGroupName: string

  constructor(scope: Construct, id: string, props: CatalogProps) {
    super(scope, id, props)
    const { database, entities, views } = props
    const { tables, views: virtual, prepared, queries } = catalogOf(database, props, entities, views)
    const home = new CfnDatabase(this, 'Database', {
      catalogId: this.account,
      databaseInput: { name: database, description: 'Almanac: what a Tableau site is, and was' },
    })
    for (const table of [...tables, ...virtual]) this.#table(home, table)
    const group = this.#workGroup(props)
    this.workGroupName = group.ref
    for (const { name, doc, sql } of prepared) {
      new CfnPreparedStatement(this, `Prepared-${name}`, {
        statementName: name,
        description: doc,
        queryStatement: sql,
        workGroup: group.ref,
      })
    }
    for (const { name, doc, sql } of queries) {
      new CfnNamedQuery(this, `Query-${name}`, {
        name,
        description: doc,
        queryString: sql,
        database: home.ref,
        workGroup: group.ref,
      })
    }
  }

  #table(database: CfnDatabase, table: GlueTable): void {
    new CfnTable(this, `Table-${table.name}`, {
      catalogId: this.account,
      databaseName: database.ref,
      tableInput: {
        ...table,
        partitionKeys: [...table.partitionKeys],
        storageDescriptor: { ...table.storageDescriptor, columns: [...table.storageDescriptor.columns] },
      },
    })
  }

  #workGroup({ bucketName, keyArn, database, bytesScannedCutoff = TEN_GB }: CatalogProps): CfnWorkGroup {
    return new CfnWorkGroup(this, 'WorkGroup', {
      name: database,
      description: 'Questions to Almanac; its limits hold for everybody in it',
      // Statements and questions are in it, and without this it would not go when the stack does.
      recursiveDeleteOption: true,
      workGroupConfiguration: {
        enforceWorkGroupConfiguration: true,
        publishCloudWatchMetricsEnabled: true,
        bytesScannedCutoffPerQuery: bytesScannedCutoff,
        engineVersion: { selectedEngineVersion: 'Athena engine version 3' },
        resultConfiguration: {
          outputLocation: `s3://${bucketName}/${ATHENA_RESULTS}`,
          encryptionConfiguration: { encryptionOption: 'SSE_KMS', kmsKey: keyArn },
        },
      },
    })
  }
}
