import { Match, Template } from 'aws-cdk-lib/assertions'
import { describe, expect, test } from 'vitest'
import { ENTITIES, VIEWS } from '../../lib/entities/index.ts'
import { CatalogStack } from '../../lib/stacks/catalog.ts'
import { ViewsStack } from '../../lib/stacks/views.ts'
import { relationsOf } from '../../lib/tables/relation.ts'
import { synthesizeApp } from './templates.ts'

const PROPS = {
  bucketName: 'almanac-demo',
  keyArn: 'arn:aws:kms:eu-central-1:111122223333:key/1',
  database: 'almanac_dev',
  sites: ['demo', '007'],
  firstDay: '2026-10-03',
  entities: ENTITIES,
  views: VIEWS,
}

function synthesized(more: object = {}): Template {
  const props = { ...PROPS, ...more }
  const { plans } = synthesizeApp((app) => {
    new ViewsStack(app, 'Views', new CatalogStack(app, 'Catalog', props), props)
  })
  return Template.fromJSON({
    Resources: Object.assign({}, ...[...plans.values()].map((plan) => plan.Resources)),
  })
}

interface Column {
  readonly Name: string
  readonly Type: string
  readonly Comment: string
}
interface Table {
  readonly Name: string
  readonly TableType: string
  readonly Parameters: Readonly<Record<string, string>>
  readonly PartitionKeys: readonly Column[]
  readonly StorageDescriptor: { readonly Columns: readonly Column[]; readonly Location: string }
  readonly ViewOriginalText?: string
}

const template = synthesized()
const ofType = (type: string) =>
  Object.values(template.findResources(type)).map((resource) => resource['Properties'])
const tables: readonly Table[] = ofType('AWS::Glue::Table').map(({ TableInput }) => TableInput)
const tableNamed = (name: string): Table => {
  const found = tables.find(({ Name }) => Name === name)
  if (found === undefined) throw new Error(`there is no table ${name}`)
  return found
}

describe('the database', () => {
  test('has every relation of almanac query as table, view or prepared statement, and none beside', () => {
    const relations = relationsOf(ENTITIES, VIEWS)
    const named = (kind: string) => relations.filter((each) => each.kind === kind).map(({ name }) => name)
    const beneath = [
      ...ENTITIES.filter(({ kind }) => kind === 'event').map(({ name }) => `${name}_months`),
      'run_reports',
    ]
    expect(tables.map(({ Name }) => Name).sort()).toEqual([...named('view'), ...beneath].sort())
    expect(
      ofType('AWS::Athena::PreparedStatement')
        .map(({ StatementName }) => StatementName)
        .sort(),
    ).toEqual(named('macro').sort())
  })

  test('a further entity brings its tables, and one less takes them', () => {
    const names = (entities: typeof ENTITIES): readonly string[] =>
      Object.values(synthesized({ entities, views: [] }).findResources('AWS::Glue::Table')).map(
        ({ Properties }) => Properties.TableInput.Name,
      )
    const users = ENTITIES.filter(({ name }) => name === 'users')
    expect([...names(users)].sort()).toEqual(
      [
        'run_entities',
        'run_reports',
        'runs',
        'users',
        'users_changes',
        'users_history',
        'users_snapshots',
      ].sort(),
    )
  })

  test('columns carry their meaning, within what Glue takes', () => {
    const columns = tables.flatMap((table) =>
      [...table.PartitionKeys, ...table.StorageDescriptor.Columns].map((column) => ({
        table: table.Name,
        ...column,
      })),
    )
    expect(columns.filter(({ Comment }) => Comment === '' || Buffer.byteLength(Comment) > 255)).toEqual([])
    expect(columns.filter(({ Name }) => !/^[a-z][a-z0-9_]*$/.test(Name))).toEqual([])
  })
})

describe('partitions are computed', () => {
  test('a table by site', () => {
    expect(tableNamed('workbooks').Parameters).toEqual({
      EXTERNAL: 'TRUE',
      classification: 'parquet',
      'projection.enabled': 'true',
      'projection.site.type': 'enum',
      'projection.site.values': 'demo,007',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Athena fills it in
      'storage.location.template': 's3://almanac-demo/current/entity=workbooks/site=${site}/',
    })
  })

  test.each([
    [
      'workbooks_snapshots',
      {
        type: 'date',
        format: 'yyyy-MM-dd',
        range: '2026-10-03,NOW+1DAY',
        interval: '1',
        'interval.unit': 'DAYS',
      },
      'dt',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Athena fills it in
      'snapshot/entity=workbooks/site=${site}/dt=${dt}/',
    ],
    [
      'jobs_months',
      {
        type: 'date',
        format: 'yyyy-MM',
        range: '2024-10,NOW+1DAY',
        interval: '1',
        'interval.unit': 'MONTHS',
      },
      'month',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Athena fills it in
      'event/entity=jobs/site=${site}/month=${month}/',
    ],
    [
      'coverage',
      { type: 'enum', values: 'group_members' },
      'entity',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Athena fills it in
      'coverage/entity=${entity}/site=${site}/dt=${dt}/',
    ],
    [
      'run_reports',
      { type: 'enum', values: 'demo,007' },
      'site',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Athena fills it in
      'runs/site=${site}/dt=${dt}/',
    ],
  ])('%s', (name, rule, column, location) => {
    const { Parameters } = tableNamed(name)
    for (const [key, value] of Object.entries(rule))
      expect(Parameters[`projection.${column}.${key}`]).toBe(value)
    expect(Parameters['storage.location.template']).toBe(`s3://almanac-demo/${location}`)
  })

  test('every partition key has its rule and its place, and lies below the table', () => {
    for (const { Name, TableType, PartitionKeys, Parameters, StorageDescriptor } of tables) {
      if (TableType === 'VIRTUAL_VIEW') continue
      const template = Parameters['storage.location.template'] ?? ''
      const ruled = PartitionKeys.filter(
        ({ Name: key }) => Parameters[`projection.${key}.type`] === undefined,
      )
      expect(ruled, Name).toEqual([])
      expect([...template.matchAll(/\$\{(\w+)\}/g)].map(([, key]) => key)).toEqual(
        PartitionKeys.map((key) => key.Name),
      )
      expect(template.startsWith(StorageDescriptor.Location) && template.endsWith('/'), Name).toBe(true)
    }
  })
})

describe('a view', () => {
  const views = tables.filter(({ TableType }) => TableType === 'VIRTUAL_VIEW')

  test.each(views)('$Name is written as Athena reads it', (view) => {
    expect(view.Parameters['presto_view']).toBe('true')
    const [, base64 = ''] =
      /^\/\* Presto View: ([A-Za-z0-9+/=]+) \*\/$/.exec(view.ViewOriginalText ?? '') ?? []
    const facts = JSON.parse(Buffer.from(base64, 'base64').toString())
    expect(Object.keys(facts)).toEqual(['originalSql', 'catalog', 'schema', 'columns'])
    expect(facts).toMatchObject({ catalog: 'awsdatacatalog', schema: PROPS.database })
    const types = (columns: readonly { name: string; type: string }[]) =>
      columns.map(({ name, type }) => [
        name,
        type.replace('varchar', 'string').replace('(string)', '<string>'),
      ])
    expect(types(facts.columns)).toEqual(view.StorageDescriptor.Columns.map(({ Name, Type }) => [Name, Type]))
    expect((view.ViewOriginalText ?? '').length).toBeLessThan(409_600)
  })

  test('no array is longer than Trino takes', () => {
    const widest = Math.max(...ENTITIES.map(({ columns }) => Object.keys(columns).length))
    expect(widest).toBeLessThan(254)
  })
})

describe('the workgroup', () => {
  test('holds everybody to its limits, encrypts what it answers, and goes with the stack', () => {
    template.hasResourceProperties('AWS::Athena::WorkGroup', {
      Name: 'almanac_dev',
      RecursiveDeleteOption: true,
      WorkGroupConfiguration: {
        EnforceWorkGroupConfiguration: true,
        BytesScannedCutoffPerQuery: 10_000_000_000,
        EngineVersion: { SelectedEngineVersion: 'Athena engine version 3' },
        ResultConfiguration: {
          OutputLocation: 's3://almanac-demo/athena-results/',
          EncryptionConfiguration: { EncryptionOption: 'SSE_KMS', KmsKey: PROPS.keyArn },
        },
      },
    })
  })

  test('takes another cutoff', () => {
    synthesized({ bytesScannedCutoff: 20_000_000 }).hasResourceProperties('AWS::Athena::WorkGroup', {
      WorkGroupConfiguration: Match.objectLike({ BytesScannedCutoffPerQuery: 20_000_000 }),
    })
  })

  test('has the questions of the dictionary, in its database', () => {
    template.resourceCountIs('AWS::Athena::NamedQuery', 2 * (ENTITIES.length + VIEWS.length + 1) + 1)
    template.allResourcesProperties('AWS::Athena::NamedQuery', {
      WorkGroup: Match.anyValue(),
      Database: Match.anyValue(),
    })
  })
})
