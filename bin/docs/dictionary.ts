import type { Column } from '../../lib/core/column.ts'
import type { DerivedView } from '../../lib/core/derived.ts'
import type { Entity, Read } from '../../lib/core/entity.ts'
import {
  type Example,
  examplesOf,
  RUN_EXAMPLES,
  UNKNOWN_EXAMPLE,
  viewExamples,
} from '../../lib/questions/examples.ts'
import { MEANINGS } from '../../lib/tables/meanings.ts'
import { tablesOf } from '../../lib/tables/table.ts'
import type { DescribedColumn, DescribedRelation } from './describe.ts'
import { code, GENERATED, markdownTable, type Page, paragraphs } from './markdown.ts'

/** What the pages are made of. */
export interface Dictionary {
  readonly entities: readonly Entity[]
  readonly views: readonly DerivedView[]
  readonly relations: readonly DescribedRelation[]
}

type Meaning = (column: string) => string

/** What a column of a relation means. Throws when nobody said it: a dictionary without meanings is a list of names. */
function meaningOf(
  relation: string,
  said: readonly (Readonly<Record<string, string>> | undefined)[],
): Meaning {
  return (column) => {
    const found = said.flatMap((meanings) => meanings?.[column] ?? [])[0]
    if (found === undefined || found === '')
      throw new Error(`docs: nothing says what ${relation}.${column} means`)
    return found
  }
}

function marks(entity: Entity, name: string): string {
  const column: Column | undefined = entity.columns[name]
  if (column === undefined) return ''
  const all = [
    entity.key.includes(name) ? 'key' : '',
    column.isRequired && !entity.key.includes(name) ? 'required' : '',
    column.isPersonal ? 'personal' : '',
    column.isVolatile ? 'volatile' : '',
    column.isExtended ? 'extended' : '',
    column.since === undefined ? '' : `since ${column.since}`,
  ]
  return all.filter((mark) => mark !== '').join(', ')
}

function sourceOf(name: string, column: Column | undefined): string {
  if (column === undefined) return ''
  if (name === 'raw_extra') return 'all the rest'
  return column.from === undefined ? 'computed' : code(column.from)
}

function mainTable(entity: Entity, columns: readonly DescribedColumn[], meaning: Meaning): string {
  const rows = columns.map(({ name, type }) => [
    code(name),
    type,
    meaning(name),
    marks(entity, name),
    sourceOf(name, entity.columns[name]),
  ])
  return markdownTable(['column', 'type', 'meaning', 'marks', 'in Tableau’s XML'], rows)
}

function plainTable(columns: readonly DescribedColumn[], meaning: Meaning): string {
  return markdownTable(
    ['column', 'type', 'meaning'],
    columns.map(({ name, type }) => [code(name), type, meaning(name)]),
  )
}

/** A further table of an entity: its own columns in full, those that it shares with the first one by name. */
function furtherTable(
  { relation, columns }: DescribedRelation,
  first: readonly DescribedColumn[],
  meaning: Meaning,
  firstMeaning: Meaning,
): string {
  const shared = columns.filter(
    ({ name }) => first.some((each) => each.name === name) && meaning(name) === firstMeaning(name),
  )
  const own = columns.filter((column) => !shared.includes(column))
  const title = relation.kind === 'macro' ? `${relation.name}(day)` : relation.name
  return paragraphs([
    `## ${title}`,
    relation.doc,
    own.length === 0 ? '' : plainTable(own, meaning),
    `As above: ${shared.map(({ name }) => code(name)).join(', ')}.`,
  ]).trimEnd()
}

const exampleText = ({ asks, sql }: Example): readonly string[] => [asks, `\`\`\`sql\n${sql}\n\`\`\``]

const exampleParts = (examples: readonly Example[]): readonly string[] => [
  '## Two questions',
  ...examples.flatMap(exampleText),
]

function endpointOf(read: Read): string {
  const path = `GET /api/{version}/sites/{site}${read.path === '' ? '' : `/${read.path}`}`
  const query = Object.entries(read.query).map(([name, value]) => `${name}=${value}`)
  return query.length === 0 ? path : `${path}?${query.join('&')}`
}

function factsOf(entity: Entity): string {
  const { read } = entity
  const kind =
    entity.kind === 'event'
      ? 'event: things that happened, kept by their id'
      : 'state: a full list each night'
  const rows = [
    ['kind', kind],
    ['read by', code(endpointOf(read))],
    ...(read.shape === 'children' ? [['for each item of', code(endpointOf(read.parent))]] : []),
    ['REST API', `${read.since} or newer`],
    ['site role needed', code(entity.role)],
    ['key', entity.key.map(code).join(', ')],
    ['Tableau’s help', entity.help],
    ...(entity.drop.length === 0 ? [] : [['known and not kept', entity.drop.map(code).join(', ')]]),
  ]
  return markdownTable(['', ''], rows)
}

const relationNamed = ({ relations }: Dictionary, name: string): DescribedRelation => {
  const found = relations.find(({ relation }) => relation.name === name)
  if (found === undefined) throw new Error(`docs: there is no relation ${name}`)
  return found
}

/** Everything that can be selected from for an entity, the table of its own name first. */
const namesOf = (entity: Entity): readonly string[] => [
  ...tablesOf(entity).map(({ name }) => name),
  ...(entity.kind === 'event' ? [] : [`${entity.name}_changes`, `${entity.name}_at`]),
]

function entityPage(dictionary: Dictionary, entity: Entity): Page {
  const all = namesOf(entity).map((name) => relationNamed(dictionary, name))
  const documented = new Map(
    tablesOf(entity).map(({ name, columns, partitions }) => [
      name,
      Object.fromEntries([...partitions, ...columns].map((column) => [column.name, column.doc])),
    ]),
  )
  const meaning = (name: string): Meaning => {
    const own = name.endsWith('_changes') ? MEANINGS['changes'] : documented.get(name)
    return meaningOf(name, [own, ...documented.values(), MEANINGS['*']])
  }
  const [main, ...further] = all
  const first = main?.columns ?? []
  return {
    path: `docs/tables/${entity.name}.md`,
    text: paragraphs([
      GENERATED,
      `# ${entity.name}`,
      entity.doc,
      factsOf(entity),
      `## The table ${entity.name}`,
      mainTable(entity, first, meaning(entity.name)),
      ...further.map((each) => furtherTable(each, first, meaning(each.relation.name), meaning(entity.name))),
      ...exampleParts(examplesOf(entity)),
    ]),
  }
}

function viewPage(dictionary: Dictionary, view: DerivedView): Page {
  const { columns } = relationNamed(dictionary, view.name)
  const said = Object.fromEntries(Object.entries(view.columns).map(([name, [, doc]]) => [name, doc]))
  return {
    path: `docs/tables/${view.name}.md`,
    text: paragraphs([
      GENERATED,
      `# ${view.name}`,
      view.doc,
      `A view over ${view.over.map(code).join(', ')}: nothing of it is stored.`,
      plainTable(columns, meaningOf(view.name, [said])),
      ...exampleParts(viewExamples(view.name)),
    ]),
  }
}

function runsPage(dictionary: Dictionary, coverage: Readonly<Record<string, string>>): Page {
  const parts = ['runs', 'run_entities', 'coverage'].flatMap((name) => {
    const { relation, columns } = relationNamed(dictionary, name)
    const said = name === 'coverage' ? coverage : MEANINGS[name]
    return [`## ${name}`, relation.doc, plainTable(columns, meaningOf(name, [said, MEANINGS['*']]))]
  })
  return {
    path: 'docs/tables/runs.md',
    text: paragraphs([
      GENERATED,
      '# runs, run_entities, coverage',
      'What was read, when, and how far it can be trusted.',
      ...parts,
      ...exampleParts(RUN_EXAMPLES),
    ]),
  }
}

const MARKS = `Marks: **key** and **required** are never null. **personal** is a person’s name, e-mail address or login, and stands in \`users\` alone. **volatile** columns (counters, last logins) live in the snapshots and make no history. **extended** ones come only when the server honours \`fields=_all_\`; when it does not, they are missing, which is not null.

Types are the engine’s. Timestamps are UTC, with microseconds and without a zone. Every table has \`site\`; ids are Tableau’s LUIDs, and all tables join on them.`

const UNKNOWN = `## What is not known

A column that was not sent, or that was not declared yet when a day was read, is unknown, which is not null. A cell cannot say the difference, so it is said beside it. In \`t\`, \`unknown\` names the columns that the reading of a row does not know: the last complete day, or below a parent that it did not read the day of \`observed_on\`. They are null there. In \`t_history\` and \`t_at\` a column keeps its last known value, and \`unknown\` of \`t_history\` names those that nobody knew yet. \`t_snapshots\` are the readings themselves, byte for byte: a column that a day does not know is null there, and the history has what was known last. Of volatile columns, which have no history, only \`t\` tells.`

function indexPage({ entities, views, relations }: Dictionary): Page {
  const link = (name: string, page = name): string => `[${name}](${page}.md)`
  const doc = (name: string): string =>
    relations.find(({ relation }) => relation.name === name)?.relation.doc ?? ''
  const rows = [
    ...entities.map((entity) => [
      link(entity.name),
      entity.doc,
      namesOf(entity).slice(1).map(code).join(', '),
    ]),
    ...views.map((view) => [link(view.name), view.doc, '']),
    ...['runs', 'run_entities', 'coverage'].map((name) => [link(name, 'runs'), doc(name), '']),
  ]
  return {
    path: 'docs/tables/README.md',
    text: paragraphs([
      GENERATED,
      '# The tables',
      'What can be selected from: the same names in `almanac query`, in the database file that `almanac query --duckdb FILE` leaves, and in every warehouse that reads the Parquet.',
      markdownTable(['table', 'holds', 'also'], rows),
      "For a table `t`: `t` is the last complete day of each site, `t_history` every version of every row with the days it was valid, `t_snapshots` every complete day, `t_changes` one row for each changed column, and `t_at(DATE '2026-11-01')` the rows as of a day.",
      MARKS,
      UNKNOWN,
      ...exampleText(UNKNOWN_EXAMPLE),
    ]),
  }
}

/** The pages of the data dictionary: one for each entity and view, one for the runs, and the index. */
export function dictionaryPages(
  dictionary: Dictionary,
  coverage: Readonly<Record<string, string>>,
): readonly Page[] {
  return [
    indexPage(dictionary),
    ...dictionary.entities.map((entity) => entityPage(dictionary, entity)),
    ...dictionary.views.map((view) => viewPage(dictionary, view)),
    runsPage(dictionary, coverage),
  ]
}
