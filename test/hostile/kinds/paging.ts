import { complaint, wrap } from '../../tableau/servers.ts'
import {
  either,
  type Good,
  HARMLESS,
  type HttpAnswer,
  type Kind,
  kindsOn,
  type Line,
  MALFORMED,
  once,
  refused,
  type Spoil,
  seenAs,
  text,
} from '../spoil.ts'
import { FIRST_GROUP, type PageFacts, pageXml } from '../world.ts'

/** A group that may not be read to its end counts as not read, and hides none of the others. */
const OTHER_GROUPS = seenAs((rows) => rows.filter((row) => row['group_id'] !== FIRST_GROUP))
const INCOMPLETE = refused('incomplete')
const UNSURE = refused('incomplete', 'malformed-response')

/** A page with these items, announced with these facts. */
const page = (
  { endpoint, page: asked }: Good,
  items: readonly string[],
  facts: Partial<PageFacts> = {},
): HttpAnswer => ({
  body: pageXml(endpoint, items, { ...asked, ...facts }),
})
const itemsAt = ({ endpoint, page: { size } }: Good, number: number): readonly string[] =>
  endpoint.items.slice((number - 1) * size, number * size)

/** Announces other facts over the right items. */
const announcing =
  (facts: (good: Good) => Partial<PageFacts>): Spoil =>
  (good) =>
    page(good, itemsAt(good, good.page.number), facts(good))
/** Sends other items under the right facts. */
const sending =
  (items: (good: Good) => readonly string[]): Spoil =>
  (good) =>
    page(good, items(good))
const total = (change: (good: Good) => number): Spoil =>
  announcing((good) => ({ total: good.page.total + change(good) }))
const isFirst = ({ page: { number } }: Good): boolean => number === 1
const isLast = ({ page: { number, size, total: all } }: Good): boolean => number * size >= all

const pagination = (attribute: 'pageNumber' | 'pageSize' | 'totalAvailable', value: string | null): Spoil =>
  text((xml) =>
    xml.replace(new RegExp(` ${attribute}="[^"]*"`), value === null ? '' : ` ${attribute}="${value}"`),
  )
const NO_NUMBERS = [
  '',
  'many',
  '-1',
  '1e999',
  '99999999999999999999',
  '0x10',
  ' 5 ',
  '5.0',
  '+5',
  'NaN',
  'Infinity',
  '５',
  '5;6',
  'null',
]

const ANNOUNCEMENTS: readonly Line[] = [
  ...(['pageNumber', 'pageSize', 'totalAvailable'] as const).flatMap((attribute): Line[] => [
    [`has no ${attribute}`, pagination(attribute, null), MALFORMED],
    ...NO_NUMBERS.map(
      (value): Line => [`says ${attribute}="${value}"`, pagination(attribute, value), MALFORMED],
    ),
  ]),
  ['says pageNumber="0"', pagination('pageNumber', '0'), MALFORMED],
  ['says pageSize="0"', pagination('pageSize', '0'), MALFORMED],
  ['says totalAvailable="999999999999999"', pagination('totalAvailable', '999999999999999'), MALFORMED],
  ['has no pagination', text((xml) => xml.replace(/<pagination[^>]*>/, '')), MALFORMED],
  ['has an empty pagination', text((xml) => xml.replace(/<pagination[^>]*>/, '<pagination/>')), MALFORMED],
  ['has its pagination in another case', text((xml) => xml.replace('<pagination', '<Pagination')), MALFORMED],
  [
    'has its pagination in its list',
    text((xml) => xml.replace(/(<pagination[^>]*>)\s*(<\w+>)/, '$2$1')),
    MALFORMED,
  ],
  [
    'has its pagination deeper down',
    text((xml) => xml.replace(/(<pagination[^>]*>)/, '<a>$1</a>')),
    MALFORMED,
  ],
  [
    'has its pagination after its list',
    text((xml) => xml.replace(/(<pagination[^>]*>)([\s\S]*)<\/tsResponse>/, '$2$1</tsResponse>')),
    HARMLESS,
  ],
  [
    'says its pagination twice',
    text((xml) => xml.replace(/(<pagination[^>]*>)/, '$1$1')),
    either('malformed-response'),
  ],
  [
    'says another total in a second pagination',
    text((xml) =>
      xml.replace(
        /(<pagination[^>]*>)/,
        (it) => it + it.replace(/totalAvailable="\d+"/, 'totalAvailable="9"'),
      ),
    ),
    MALFORMED,
  ],
]

const LISTS: readonly Line[] = [
  [
    'has no list',
    text((xml, { endpoint: { list } }) => xml.replace(new RegExp(`<${list}>[\\s\\S]*</${list}>`), '')),
    MALFORMED,
  ],
  [
    'has a list of another name',
    text((xml, { endpoint: { list } }) => xml.replaceAll(`${list}>`, 'others>')),
    MALFORMED,
  ],
  [
    'has a list in another case',
    text((xml, { endpoint: { list } }) => xml.replaceAll(`${list}>`, `${list?.toUpperCase()}>`)),
    MALFORMED,
  ],
  [
    'has a second, empty list',
    text((xml, { endpoint: { list } }) => xml.replace('</tsResponse>', `<${list}/></tsResponse>`)),
    MALFORMED,
  ],
  [
    'has its list in two',
    text((xml, { endpoint: { list, item } }) =>
      xml.replace(new RegExp(`(?<!<${list}>\\s*)<${item} `), `</${list}><${list}><${item} `),
    ),
    MALFORMED,
  ],
  [
    'has its list deeper down',
    text((xml, { endpoint: { list } }) =>
      xml.replace(`<${list}>`, `<a><${list}>`).replace(`</${list}>`, `</${list}></a>`),
    ),
    MALFORMED,
  ],
  [
    'has an item outside of its list',
    text((xml, { endpoint: { item } }) => xml.replace('</tsResponse>', `<${item} id="x"/></tsResponse>`)),
    HARMLESS,
  ],
  [
    'has a stranger in its list',
    text((xml, { endpoint: { list } }) => xml.replace(`</${list}>`, `<stranger id="x"/></${list}>`)),
    MALFORMED,
  ],
  [
    'has items in another case',
    text((xml, { endpoint: { item } }) =>
      xml
        .replaceAll(`<${item} `, `<${item.toUpperCase()} `)
        .replaceAll(`</${item}>`, `</${item.toUpperCase()}>`),
    ),
    MALFORMED,
  ],
  [
    'has text in its list',
    text((xml, { endpoint: { list } }) => xml.replace(`</${list}>`, `and more</${list}>`)),
    MALFORMED,
  ],
  [
    'answers another list',
    () => ({ body: wrap('<pagination pageNumber="1" pageSize="2" totalAvailable="0"/><flows/>') }),
    MALFORMED,
  ],
]

const TOTALS: readonly Line[] = [
  ['announces one row too many', total(() => 1), INCOMPLETE],
  ['announces one row too few', total(() => -1), INCOMPLETE],
  ['announces a whole page too many', total(() => 2), INCOMPLETE],
  ['announces nothing at all', announcing(() => ({ total: 0 })), INCOMPLETE],
  ['announces one row too many on the first page', total((good) => (isFirst(good) ? 1 : 0)), INCOMPLETE],
  ['announces one row too few on the first page', total((good) => (isFirst(good) ? -1 : 0)), INCOMPLETE],
  ['announces one row too many on the last page', total((good) => (isLast(good) ? 1 : 0)), INCOMPLETE],
  ['announces one row too few on the last page', total((good) => (isLast(good) ? -1 : 0)), INCOMPLETE],
  ['announces more with every page', total(({ page: { number } }) => number), INCOMPLETE],
  ['announces less with every page', total(({ page: { number } }) => -number), UNSURE],
  ['announces more with every call', total(({ calls }) => calls), INCOMPLETE],
  ['announces a million pages', announcing(() => ({ total: 2_000_000 })), MALFORMED],
  ['announces another total once', once(total(() => 3)), HARMLESS],
  [
    'loses a row for another while it is read, as the page between tells',
    (good) => {
      const { items } = good.endpoint
      // The first row goes after page 1 was read, all move up, and a new one comes at the end before page 3 is read.
      const late = (items[0] ?? '').replace(/ id="[^"]*"/, ' id="0000late-c0de-4222-8333-000000000009"')
      const moved = [...items.slice(1), late]
      if (isFirst(good)) return page(good, items.slice(0, 2))
      if (isLast(good)) return page(good, moved.slice(4))
      return page(good, moved.slice(2, 4), { total: items.length - 1 })
    },
    INCOMPLETE,
  ],
]

const PAGES: readonly Line[] = [
  ['says page 1 of every page', announcing(() => ({ number: 1 })), MALFORMED],
  ['says the page after', announcing(({ page: { number } }) => ({ number: number + 1 })), MALFORMED],
  ['sends page 1 for every page', (good) => page(good, itemsAt(good, 1), { number: 1 }), MALFORMED],
  ['sends page 1 under every number', sending((good) => itemsAt(good, 1)), INCOMPLETE],
  [
    'sends page 2 under every number but the first',
    sending((good) => itemsAt(good, Math.min(2, good.page.number))),
    INCOMPLETE,
    // There are two pages of parents, so that this is right.
    { but: { parents: HARMLESS } },
  ],
  [
    'sends an empty page in the middle',
    sending((good) => (good.page.number === 2 ? [] : itemsAt(good, good.page.number))),
    INCOMPLETE,
  ],
  [
    'sends an empty page in the middle once',
    (good) => page(good, good.page.number === 2 && good.calls < 3 ? [] : itemsAt(good, good.page.number)),
    HARMLESS,
  ],
  [
    'sends an empty first page',
    sending((good) => (isFirst(good) ? [] : itemsAt(good, good.page.number))),
    INCOMPLETE,
  ],
  [
    'sends an empty last page',
    sending((good) => (isLast(good) ? [] : itemsAt(good, good.page.number))),
    INCOMPLETE,
  ],
  ['sends no rows at all', sending(() => []), INCOMPLETE],
  ['sends all rows on every page', sending(({ endpoint }) => endpoint.items), INCOMPLETE],
  [
    'sends all rows on the first page and none after',
    sending((good) => (isFirst(good) ? good.endpoint.items : [])),
    HARMLESS,
  ],
  [
    'sends a row less on the first page',
    sending((good) => itemsAt(good, good.page.number).slice(isFirst(good) ? 1 : 0)),
    INCOMPLETE,
  ],
  [
    'sends a row less on the last page',
    sending((good) => itemsAt(good, good.page.number).slice(isLast(good) ? 1 : 0)),
    INCOMPLETE,
  ],
  [
    'sends a row twice in a page',
    sending((good) => [...itemsAt(good, good.page.number), ...itemsAt(good, good.page.number).slice(0, 1)]),
    INCOMPLETE,
  ],
  [
    'sends a row twice and leaves one out',
    sending((good) =>
      isFirst(good)
        ? [good.endpoint.items[0] ?? '', good.endpoint.items[0] ?? '']
        : itemsAt(good, good.page.number),
    ),
    INCOMPLETE,
  ],
  [
    'sends pages that overlap by a row',
    sending(({ endpoint, page: { number, size } }) =>
      endpoint.items.slice(Math.max(0, (number - 1) * size - 1), number * size),
    ),
    INCOMPLETE,
  ],
  [
    'sends pages that leave a row out between them',
    sending(({ endpoint, page: { number, size } }) =>
      endpoint.items.slice((number - 1) * size + (number > 1 ? 1 : 0), number * size),
    ),
    INCOMPLETE,
  ],
  ['sends each page backwards', sending((good) => [...itemsAt(good, good.page.number)].reverse()), HARMLESS],
  [
    'says a page size that it does not keep',
    announcing(() => ({ size: 1 })),
    either('incomplete', 'malformed-response', 'tableau-error'),
  ],
  ['says a page size beyond all', announcing(() => ({ size: 999_999_999_999_999 })), INCOMPLETE],
  [
    'ends before its last page',
    (good) =>
      isLast(good) ? { status: 400, body: complaint('400006') } : page(good, itemsAt(good, good.page.number)),
    INCOMPLETE,
  ],
  [
    'ends after its first page',
    (good) => (isFirst(good) ? page(good, itemsAt(good, 1)) : { status: 400, body: complaint('400006') }),
    INCOMPLETE,
  ],
  [
    'says that its end was passed, with 409',
    (good) =>
      isLast(good) ? { status: 409, body: complaint('400006') } : page(good, itemsAt(good, good.page.number)),
    INCOMPLETE,
  ],
  [
    'is cut on its last page alone',
    (good) => (isLast(good) ? { body: good.xml.slice(0, -40) } : { body: good.xml }),
    MALFORMED,
  ],
  [
    'answers its last page with another list',
    (good) =>
      isLast(good) ? { body: good.xml.replaceAll(`${good.endpoint.list}>`, 'others>') } : { body: good.xml },
    MALFORMED,
  ],
  [
    'fails on its last page alone',
    (good) => (isLast(good) ? { status: 500 } : { body: good.xml }),
    refused('server-error'),
  ],
  [
    'forbids its last page alone',
    (good) => (isLast(good) ? { status: 403, body: complaint('403004') } : { body: good.xml }),
    refused('forbidden'),
    { but: { members: OTHER_GROUPS } },
  ],
]

/** Lists that announce, cut, repeat and order their pages as no list should. */
export const PAGING_KINDS: readonly Kind[] = kindsOn(
  ['list'],
  [...ANNOUNCEMENTS, ...LISTS, ...TOTALS, ...PAGES],
)
