import { ENTITIES, VIEWS } from '../../lib/entities/index.ts'
import { relationsOf } from '../../lib/tables/relation.ts'
import { COVERAGE } from '../../lib/tables/table.ts'
import { configurationPages } from './configuration.ts'
import { describeRelations } from './describe.ts'
import { dictionaryPages } from './dictionary.ts'
import type { Page } from './markdown.ts'
import { troubleshootingPage } from './troubleshooting.ts'

/** Every generated page, as the declarations say it should be. */
export async function generatedPages(): Promise<readonly Page[]> {
  const relations = await describeRelations(relationsOf(ENTITIES, VIEWS))
  const coverage = Object.fromEntries(
    [...COVERAGE.partitions, ...COVERAGE.columns].map(({ name, doc }) => [name, doc]),
  )
  return [
    ...dictionaryPages({ entities: ENTITIES, views: VIEWS, relations }, coverage),
    troubleshootingPage(),
    ...configurationPages(ENTITIES.map(({ name }) => name)),
  ]
}
