import { Stack } from 'aws-cdk-lib'
import { CfnNamedQuery, CfnPreparedStatement } from 'aws-cdk-lib/aws-athena'
import type { Construct } from 'constructs'
import { catalogOf } from '../athena/catalog.ts'
import { type CatalogProps, type CatalogStack, COMPACT, glueTable } from './catalog.ts'

/**
 * What is computed over the stored tables: views, a prepared statement for each table as of a day, the dictionary's
 * questions. A stack of its own, since with the tables it would be too large for one template.
 */
export class ViewsStack extends Stack {
  constructor(scope: Construct, id: string, catalog: CatalogStack, props: CatalogProps) {
    super(scope, id, { ...props, ...COMPACT })
    this.addStackDependency(catalog)
    const { database, entities, views } = props
    const { views: virtual, prepared, queries } = catalogOf(database, props, entities, views)
    for (const table of virtual) glueTable(this, database, table)
    for (const { name, doc, sql } of prepared) {
      new CfnPreparedStatement(this, `Prepared-${name}`, {
        statementName: name,
        description: doc,
        queryStatement: sql,
        workGroup: database,
      })
    }
    for (const { name, doc, sql } of queries) {
      new CfnNamedQuery(this, `Query-${name}`, {
        name,
        description: doc,
        queryString: sql,
        database,
        workGroup: database,
      })
    }
  }
}
