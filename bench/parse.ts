import { isDeepStrictEqual } from 'node:util'
import type { Row } from '../lib/core/column.ts'
import type { RawItem } from '../lib/core/item.ts'
import { rowReader } from '../lib/core/row.ts'
import { entityNamed } from '../lib/entities/index.ts'
import { measured } from './measure.ts'
import { type BenchCell, type BenchTable, benchmark, median, rounded } from './result.ts'
import { workbookPage } from './workbook-page.ts'
import { XML_READERS, type XmlReaderUnderTest } from './xml-readers.ts'

const ROUNDS = 15
const workbooks = entityNamed('workbooks')

function rowsOf(items: readonly RawItem[]): readonly Row[] {
  const read = rowReader(workbooks, new Map())
  return items.map((item) => read(item))
}

/** CPU seconds of one page, the median over rounds after a warm-up. */
async function pageCost(work: () => unknown): Promise<number> {
  const costs: number[] = []
  for (let round = -5; round < ROUNDS; round++) {
    const { cpu } = await measured(work)
    if (round >= 0) costs.push(cpu)
  }
  return median(costs)
}

async function speeds(xml: string): Promise<BenchTable> {
  const megabytes = Buffer.byteLength(xml) / 1e6
  const ours = XML_READERS[0]?.items(xml) ?? []
  const reference = rowsOf(ours)
  const json = JSON.stringify(ours)
  const floor = await pageCost(() => rowsOf(JSON.parse(json) as RawItem[]))
  const rows: BenchCell[][] = [
    ['floor: JSON.parse of the same items', rounded(floor * 1000), rounded(megabytes / floor), 'yes'],
  ]
  for (const { name, items } of XML_READERS) {
    const cpu = await pageCost(() => rowsOf(items(xml)))
    const wrong = rowsOf(items(xml)).filter((row, i) => !isDeepStrictEqual(row, reference[i])).length
    rows.push([
      name,
      rounded(cpu * 1000),
      rounded(megabytes / cpu),
      wrong === 0 ? 'yes' : `${wrong} of ${reference.length} differ`,
    ])
  }
  return {
    title: `XML to rows: a page of 1,000 workbooks, ${rounded(megabytes, 2)} MB (median of ${ROUNDS})`,
    head: ['reader', 'CPU ms a page', 'MB/s', 'rows right'],
    rows,
  }
}

const isAccepted = ({ items }: XmlReaderUnderTest, xml: string): boolean => {
  try {
    items(xml)
    return true
  } catch {
    return false
  }
}

function damage(page: string): BenchTable {
  const bytes = Buffer.from(page.trimEnd())
  const whole = bytes.toString()
  const doubled = whole.replace(/^<\?xml[^>]*\?>\s*/, '')
  const cases: readonly (readonly [string, string])[] = [
    ['two roots', `${whole}${doubled}`],
    ['text after the root', `${whole}rest`],
    ['an undefined entity', whole.replace('name="', 'name="&foo;')],
    ['a DOCTYPE', whole.replace(/(<tsResponse)/, '<!DOCTYPE tsResponse>$1')],
    ['an HTML page', '<html><body>maintenance</body></html>'],
  ]
  const rows = XML_READERS.map((reader) => {
    let prefixes = 0
    for (let length = 0; length < bytes.length; length++)
      if (isAccepted(reader, bytes.toString('utf8', 0, length))) prefixes++
    return [
      reader.name,
      prefixes,
      ...cases.map(([, xml]) => (isAccepted(reader, xml) ? 'accepted' : 'refused')),
    ]
  })
  return {
    title: `Damaged answers taken for whole ones: all ${bytes.length.toLocaleString('en-US')} byte prefixes of a page of 3 workbooks, and others`,
    head: ['reader', 'prefixes accepted', ...cases.map(([name]) => name)],
    rows,
  }
}

await benchmark('parse', async () => [await speeds(await workbookPage(1000)), damage(await workbookPage(3))])
