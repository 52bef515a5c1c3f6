import { Stack, type StackProps } from 'aws-cdk-lib'
import { CfnWorkGroup } from 'aws-cdk-lib/aws-athena'
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

/** The template of many entities comes near to the megabyte that CloudFormation takes: not for blanks. */
export const COMPACT = { suppressTemplateIndentation: true } as const

/** A table of the catalog as CloudFormation takes it. */
export const glueTable = (scope: Stack, databaseName: string, table: GlueTable): CfnTable =>
  new CfnTable(scope, `Table-${table.name}`, {
    catalogId: scope.account,
    databaseName,
    tableInput: {
      ...table,
      partitionKeys: [...table.partitionKeys],
      storageDescriptor: { ...table.storageDescriptor, columns: [...table.storageDescriptor.columns] },
    },
  })

/** The stored tables for Athena: a database, and a workgroup in which everybody asks. */
export class CatalogStack extends Stack {
  constructor(scope: Construct, id: string, props: CatalogProps) {
    super(scope, id, { ...props, ...COMPACT })
    const { database, entities, views } = props
    const home = new CfnDatabase(this, 'Database', {
      catalogId: this.account,
      databaseInput: { name: database, description: 'Almanac: what a Tableau site is, and was' },
    })
    for (const table of catalogOf(database, props, entities, views).tables) glueTable(this, home.ref, table)
    this.#workGroup(props)
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
