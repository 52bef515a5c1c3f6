import type { Column } from '../../../lib/core/column.ts'
import { entityNamed } from '../../../lib/entities/index.ts'
import { TOKEN } from '../../tableau/servers.ts'
import {
  either,
  type Kind,
  kindsOn,
  type Line,
  MALFORMED,
  refused,
  SAME_IDS,
  type Spoil,
  text,
} from '../spoil.ts'
import { ENDPOINTS, type Endpoint } from '../world.ts'

const BAD_ROW = refused('bad-row')

/** Where an attribute of the item itself or of a child stands, with what comes before it. */
function standsAt(item: string, path: string): RegExp {
  const [element, attribute] = path.startsWith('@') ? [item, path.slice(1)] : path.split('/@')
  return new RegExp(`(<${element}\\b[^>]*?) ${attribute}="[^"]*"`)
}

/** Sets an attribute of the item itself or of a child (`owner/@id`), in the first item that has it; null takes it away. */
function setAt(item: string, path: string, value: string | null): Spoil {
  const [, attribute = ''] = path.split('@')
  const pattern = standsAt(item, path)
  return text((xml) =>
    xml.replace(pattern, (_, start: string) => (value === null ? start : `${start} ${attribute}="${value}"`)),
  )
}

const NO_VALUES: Readonly<Record<string, readonly string[]>> = {
  integer: ['many', '1.5', '1e3', '0x10', ' 7', '9223372036854775808', '１２', ''],
  boolean: ['yes', '1', 'tru', ' true', ''],
  double: ['many', '1,5', 'NaN', 'Infinity'],
  // Of one that is required; any other day that is none costs its cell alone, and is kept.
  timestamp: ['yesterday', '2026-02-30T00:00:00Z', '2026-11-01T25:00:00Z', '1793570400', ''],
}

/** Columns that a wrong value stops: the required ones, and whatever has a type but text. */
const stoppers = ({ type, isRequired }: Column): boolean =>
  isRequired || type === 'integer' || type === 'boolean' || type === 'double'

const wrongValues = (item: string, name: string, { type, from = '', isRequired }: Column): Line[] => {
  const wrong = (NO_VALUES[type] ?? []).map(
    (value): Line => [`says ${name}="${value}"`, setAt(item, from, value), BAD_ROW],
  )
  return isRequired ? [[`has no ${name}`, setAt(item, from, null), BAD_ROW], ...wrong] : wrong
}

/** How many columns of a type are tried with wrong values; the site has a hundred that are alike. */
const ALIKE = 2

/** Wrong values for the columns of an entity: what is required goes, and what has a type is of another. */
function wrongCells({ name: endpoint, entity, item, items }: Endpoint): Line[] {
  const seen = new Map<string, number>()
  const columns = Object.entries(entityNamed(entity).columns).filter(([, column]) => {
    const { from = '', type } = column
    const isThere = standsAt(item, from).test(items[0] ?? '')
    const before = seen.get(type) ?? 0
    if (!isThere || !stoppers(column)) return false
    if (!column.isRequired) seen.set(type, before + 1)
    return column.isRequired || before < ALIKE
  })
  return columns
    .flatMap(([name, column]) => wrongValues(item, name, column))
    .map(([name, spoil, expect]): Line => [`${name}, in ${endpoint}`, spoil, expect, { only: [endpoint] }])
}

const idIs = (id: string, at = 0): Spoil =>
  text((xml, { endpoint: { item } }) => {
    let met = -1
    return xml.replace(new RegExp(`(<${item}\\b[^>]*?) id="[^"]*"`, 'g'), (whole, start: string) => {
      met += 1
      return met === at ? `${start} id="${id}"` : whole
    })
  })

const firstId = ({ items }: Endpoint): string => / id="([^"]*)"/.exec(items[0] ?? '')?.[1] ?? ''
const list: Pick<Kind, 'only'> = {
  only: ENDPOINTS.filter(({ sort }) => sort === 'list').map(({ name }) => name),
}

const IDS: readonly Line[] = [
  [
    'has no id in its second item',
    text((xml, { endpoint: { item } }) =>
      xml.replace(new RegExp(`((?:<${item}\\b[^>]*>[\\s\\S]*?){1}<${item}\\b[^>]*?) id="[^"]*"`), '$1'),
    ),
    BAD_ROW,
  ],
  [
    'has no id in any item',
    text((xml, { endpoint: { item } }) =>
      xml.replace(new RegExp(`(<${item}\\b[^>]*?) id="[^"]*"`, 'g'), '$1'),
    ),
    BAD_ROW,
  ],
  ['has an empty id', idIs(''), BAD_ROW],
  [
    'has two ids in an item',
    text((xml, { endpoint: { item } }) => xml.replace(`<${item} `, `<${item} x:id="other" `)),
    BAD_ROW,
  ],
  [
    'has the first id in every item',
    text((xml, { endpoint }) =>
      xml.replace(new RegExp(`(<${endpoint.item}\\b[^>]*?) id="[^"]*"`, 'g'), `$1 id="${firstId(endpoint)}"`),
    ),
    refused('incomplete'),
  ],
]

/** Ids that would lead a request elsewhere: of the parents, whose ids become paths. */
const PATHS = [
  '..',
  '.',
  '../../auth/signout',
  'a/b',
  'a b',
  'a?b=c',
  'a#b',
  'a%2Fb',
  'ä',
  'a;b',
  '\\',
  '-',
  '__proto__',
  'x'.repeat(5_000),
]
const PARENTS: readonly Line[] = PATHS.map((id) => [
  `has a parent with the id "${id.slice(0, 30)}"`,
  (good) => (good.page.number === 1 ? idIs(id)(good) : { body: good.xml }),
  // Where the id may stand in a path, the site says that it knows no such group, which is listed.
  refused('bad-row', 'incomplete'),
  { only: ['parents'] },
])

/** Answers that are about something else than what was asked for. */
const OTHERS: readonly Line[] = [
  ['is another site', idIs('00000009-1111-4222-8333-000000000009'), MALFORMED, { only: ['site'] }],
  ['is another job', idIs('00000009-1111-4222-8333-000000000009'), MALFORMED, { only: ['job'] }],
]

/** What the server repeats of our secrets, where a message quotes a value. */
const ECHOES: readonly Line[] = [
  ['repeats our token as an id', idIs(TOKEN), either('bad-row', 'incomplete'), { only: ['parents'] }],
  [
    'repeats our token as a number',
    setAt('project', 'contentsCounts/@projectCount', TOKEN),
    BAD_ROW,
    { only: ['projects'] },
  ],
  [
    'repeats our token as a truth value',
    setAt('project', '@topLevelProject', TOKEN),
    BAD_ROW,
    { only: ['projects'] },
  ],
  [
    'repeats our token in a name of 5,000 letters',
    text((xml) => xml.replace('<contentsCounts', `<contentsCounts a="${'y'.repeat(5_000)}${TOKEN}&"`)),
    MALFORMED,
    { only: ['projects'] },
  ],
]

/** Finish codes of a job that was asked for by its id. */
const FINISH: readonly Line[] = ['abc', '1.5', '0x10', ' ', '99999999999999999999'].map((code) => [
  `says finishCode="${code}"`,
  setAt('job', '@finishCode', code),
  BAD_ROW,
  { only: ['job'] },
])

/** A job id is kept to ask for the job later, where it has not ended. */
const OPEN_JOBS: readonly Line[] = ['..', 'a/b', 'a b', 'a?b'].map((id) => [
  `has an open job with the id "${id}"`,
  // The second of the page has not ended.
  (good) => (good.page.number === 1 ? idIs(id, 1)(good) : { body: good.xml }),
  BAD_ROW,
  { only: ['jobs'] },
])

/** An optional day that is none costs its cell alone: the row stays, and the text is kept. */
const DAYS: readonly Line[] = ['2016-06-31T00:00:00Z', 'soon', '1793570400', '2026-11-01'].map((day) => [
  `says updated_at="${day}"`,
  setAt('workbook', '@updatedAt', day),
  SAME_IDS,
  { only: ['workbooks'] },
])

const ofLists = (lines: readonly Line[]): readonly Line[] =>
  lines.map(([name, spoil, expect]) => [name, spoil, expect, list])

/** Values that are missing, of another type, or about something else. */
export const VALUE_KINDS: readonly Kind[] = kindsOn(
  ['list', 'single'],
  [
    ...ENDPOINTS.filter(({ sort, name }) => sort !== 'door' && name !== 'parents').flatMap(wrongCells),
    ...ofLists(IDS),
    ...PARENTS,
    ...OTHERS,
    ...ECHOES,
    ...FINISH,
    ...OPEN_JOBS,
    ...DAYS,
  ],
)
