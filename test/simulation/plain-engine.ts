import { currentColumns, snapshotColumns } from '../../lib/core/published.ts'
import type { StoredColumn } from '../../lib/core/receipt.ts'
import { PARENT_VERDICT, type Shape } from '../../lib/core/shape.ts'
import { type Comparison, LEAST_VALUES, type ParentComparison } from '../../lib/load/guard.ts'
import type {
  LoadEngine,
  Neighbours,
  ParentDay,
  StagedFile,
  StagedRows,
  Transforms,
} from '../../lib/load/transforms.ts'
import { type PlainRow, plainBytes, plainRows } from './plain-file.ts'
import { plainFold } from './plain-fold.ts'
import { monthRows } from './plain-months.ts'

/** A staged file of the plain engine: its rows, and the metadata it was finished with. */
interface PlainFile {
  readonly rows: readonly PlainRow[]
  readonly bytes: Uint8Array
}

const keyText = (shape: Shape, row: PlainRow): string => JSON.stringify(shape.key.map((name) => row[name]))

const isFact = (row: PlainRow): boolean => (row[PARENT_VERDICT] ?? null) === null

/** These columns of rows that hold `there`; what they have not, or with another type, is null. */
function projected(
  columns: readonly StoredColumn[],
  there: readonly StoredColumn[],
  rows: readonly PlainRow[],
): PlainRow[] {
  const has = (column: StoredColumn): boolean =>
    there.some(({ name, type }) => name === column.name && type === column.type)
  return rows.map((row) =>
    Object.fromEntries(
      columns.map((column) => [column.name, has(column) ? (row[column.name] ?? null) : null]),
    ),
  )
}

/** Rows in the order of these columns' texts; nulls last, as DuckDB has them. */
function sortedBy(names: readonly string[], rows: readonly PlainRow[]): PlainRow[] {
  const rank = (row: PlainRow): string =>
    names.map((name) => (row[name] == null ? '\uffff' : String(row[name]))).join('\u0000')
  return rows
    .map((row) => ({ row, rank: rank(row) }))
    .sort((a, b) => (a.rank < b.rank ? -1 : a.rank > b.rank ? 1 : 0))
    .map(({ row }) => row)
}

function compareRows(
  shape: Shape,
  before: readonly PlainRow[],
  after: readonly PlainRow[],
  columns: readonly string[],
): Comparison {
  const there = new Set(after.map((row) => keyText(shape, row)))
  const values = (rows: readonly PlainRow[], column: string): number =>
    rows.filter(
      ({ [column]: cell }) =>
        cell != null &&
        ((typeof cell !== 'object' && cell !== '') || (Array.isArray(cell) && cell.length > 0)),
    ).length
  return {
    before: before.length,
    after: after.length,
    deletions: before.filter((row) => !there.has(keyText(shape, row))).length,
    lostColumns: columns.filter(
      (column) => values(before, column) >= LEAST_VALUES && values(after, column) === 0,
    ),
  }
}

/** The rows of a neighbour that a candidate decides on: not those of a parent that it lists and has not read. */
function decidedBy(
  shape: Shape,
  rows: readonly PlainRow[],
  candidate: readonly PlainRow[],
): readonly PlainRow[] {
  const { parent } = shape
  if (parent === undefined) return rows
  const standing = new Set(
    candidate
      .filter((row) => row[PARENT_VERDICT] === 'not_read' || row[PARENT_VERDICT] === 'forbidden')
      .map((row) => row[parent]),
  )
  return rows.filter((row) => !standing.has(row[parent]))
}

/** The parents that a candidate lists; one that vanished while it was read has left the list. */
const listedParents = (shape: Shape, candidate: readonly PlainRow[]): Verdicts =>
  new Map(
    candidate
      .filter((row) => !isFact(row) && row[PARENT_VERDICT] !== 'vanished')
      .map((row) => [String(row[shape.parent ?? '']), row[PARENT_VERDICT]]),
  )

/** Parents with what became of each. */
type Verdicts = ReadonlyMap<string, unknown>

function compareParents(was: Verdicts, is: Verdicts): ParentComparison {
  const before = [...was]
  return {
    before: was.size,
    gone: before.filter(([parent]) => !is.has(parent)).length,
    refused: before.filter(([parent, verdict]) => verdict === 'read' && is.get(parent) === 'forbidden')
      .length,
  }
}

/** A per-parent day's coverage and snapshot, as rows. */
function foldParents(
  shape: Shape,
  dt: string,
  candidate: { readonly rows: readonly PlainRow[]; readonly columns: readonly StoredColumn[] },
  before: { readonly snapshot: readonly PlainRow[]; readonly coverage: readonly PlainRow[] },
): { snapshot: readonly PlainRow[]; coverage: readonly PlainRow[] } {
  const parent = shape.parent ?? ''
  const old = new Map(before.coverage.map((row) => [row['parent_id'], row['observed_on'] ?? null]))
  const coverage = candidate.rows
    .filter((row) => !isFact(row) && row[PARENT_VERDICT] !== 'vanished')
    .map((row) => ({
      parent_id: row[parent] ?? null,
      verdict: row[PARENT_VERDICT] ?? null,
      observed_on: row[PARENT_VERDICT] === 'read' ? dt : (old.get(row[parent] ?? null) ?? null),
    }))
  const standing = new Set(
    coverage.filter(({ verdict }) => verdict !== 'read').map(({ parent_id }) => parent_id),
  )
  const read = projected(shape.columns, candidate.columns, candidate.rows.filter(isFact)).map((row) => ({
    ...row,
    observed_on: dt,
  }))
  const stood = before.snapshot.filter((row) => standing.has(row[parent] ?? null))
  return {
    coverage: sortedBy(['parent_id'], coverage),
    snapshot: sortedBy(shape.key, [...read, ...stood]),
  }
}

/** When each parent of a coverage was last read; null of one that never was. */
const readingsOf = (coverage: readonly PlainRow[]): ReadonlyMap<string, string | null> =>
  new Map(
    coverage.map((row) => [
      String(row['parent_id']),
      row['observed_on'] === null ? null : String(row['observed_on']),
    ]),
  )

/** How many rows are in one bag and not in the other, by these columns. */
function bagDifferences(a: readonly PlainRow[], b: readonly PlainRow[], names: readonly string[]): number {
  const counts = new Map<string, number>()
  const add = (rows: readonly PlainRow[], by: number): void => {
    for (const row of rows) {
      const text = JSON.stringify(names.map((name) => row[name] ?? null))
      counts.set(text, (counts.get(text) ?? 0) + by)
    }
  }
  add(a, 1)
  add(b, -1)
  return [...counts.values()].reduce((sum, count) => sum + Math.abs(count), 0)
}

function plainTransforms(shape: Shape): Transforms {
  const files = new Map<StagedFile, PlainFile>()
  const keep = (rows: readonly PlainRow[], bytes: Uint8Array): StagedFile => {
    const file = `plain-${files.size}`
    files.set(file, { rows, bytes })
    return file
  }
  const put = (rows: readonly PlainRow[], metadata: Readonly<Record<string, string>> = {}): StagedFile =>
    keep(rows, plainBytes(rows, metadata))
  const rowsOf = (file: StagedFile): readonly PlainRow[] => {
    const found = files.get(file)
    if (found === undefined) throw new Error(`no staged file ${file}`)
    return found.rows
  }
  const columnsOf = (rows: StagedRows, columns: readonly StoredColumn[]): PlainRow[] =>
    projected(columns, rows.columns, rowsOf(rows.file))
  const snapshot = async (rows: StagedRows | null, inputs: string): Promise<StagedFile> =>
    put(rows === null ? [] : columnsOf(rows, snapshotColumns(shape)), { inputs })
  return {
    stage: async (bytes) => keep(await plainRows(bytes), bytes),
    collect: async (file) => files.get(file)?.bytes ?? new Uint8Array(),
    tally: async (parts) => {
      const facts = parts.flatMap(rowsOf).filter(isFact)
      return {
        rows: facts.length,
        keys: new Set(facts.map((row) => keyText(shape, row))).size,
        keyless: facts.filter((row) => shape.key.some((name) => row[name] == null)).length,
      }
    },
    sorted: async (parts, columns, metadata) => {
      const order = [...shape.key, ...(shape.parent === undefined ? [] : [PARENT_VERDICT])]
      return put(sortedBy(order, projected(columns, columns, parts.flatMap(rowsOf))), metadata)
    },
    compare: async ({ candidate, neighbour, direction, columns, coverage }: Neighbours) => {
      const mine = rowsOf(candidate).filter(isFact)
      const theirs = decidedBy(shape, rowsOf(neighbour), rowsOf(candidate))
      const [before, after] = direction === 'from' ? [theirs, mine] : [mine, theirs]
      const rows = compareRows(shape, before, after, columns)
      if (coverage === null) return rows
      const listed = listedParents(shape, rowsOf(candidate))
      const known = new Map(rowsOf(coverage).map((row) => [String(row['parent_id']), row['verdict']]))
      const [was, is] = direction === 'from' ? [known, listed] : [listed, known]
      return { ...rows, parents: compareParents(was, is) }
    },
    snapshot,
    parentDay: async (dt, candidate, before, inputs): Promise<ParentDay> => {
      const finish = (rows: Readonly<Record<keyof ParentDay, readonly PlainRow[]>>): ParentDay => ({
        snapshot: put(rows.snapshot, { inputs: inputs.snapshot }),
        coverage: put(rows.coverage, { inputs: inputs.coverage }),
      })
      if (candidate === null) return finish({ snapshot: [], coverage: [] })
      const folded = foldParents(
        shape,
        dt,
        { rows: rowsOf(candidate.file), columns: candidate.columns },
        {
          snapshot: before === undefined ? [] : rowsOf(before.snapshot),
          coverage: before === undefined ? [] : rowsOf(before.coverage),
        },
      )
      return finish(folded)
    },
    current: async (last, inputs) => {
      const columns = currentColumns(shape)
      const rows = last === null ? [] : columnsOf(last.rows, columns)
      return put(
        rows.map((row) => {
          const readOn = shape.parent === undefined ? last?.dt : row['observed_on']
          const unknown = last?.readings.find(({ dt }) => dt === readOn)?.missing ?? []
          return { ...row, as_of: last?.dt ?? null, unknown: unknown.length === 0 ? null : unknown }
        }),
        { inputs },
      )
    },
    readOn: async (coverage) =>
      [...new Set([...readingsOf(rowsOf(coverage)).values()].flatMap((dt) => dt ?? []))].sort(),
    fold: async (from) => {
      const fold = plainFold(shape, from === null ? null : { rows: rowsOf(from.file), day: from.day })
      return {
        apply: async (day) =>
          fold.apply({
            ...day,
            rows: columnsOf(day.rows, snapshotColumns(shape)),
            readings: day.coverages.map((file) => readingsOf(rowsOf(file))),
          }),
        finish: async (metadata) => put(sortedBy([...shape.key, 'valid_from'], fold.rows()), metadata),
      }
    },
    months: async (file, { createdColumn }) =>
      [...new Set(rowsOf(file).map((row) => String(row[createdColumn]).slice(0, 7)))].sort(),
    newestEvent: async (file, { createdColumn }) => {
      const created = rowsOf(file).map((row) => ({
        id: String(row[shape.key[0] ?? '']),
        createdAt: Date.parse(`${row[createdColumn]}Z`),
      }))
      return created.sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1))[0] ?? null
    },
    month: async (month, readings, facts, inputs) =>
      put(
        sortedBy(
          shape.key,
          monthRows(
            shape,
            month,
            readings.map((each) => ({ ...each, rows: columnsOf(each.rows, shape.columns) })),
            facts,
          ),
        ),
        { inputs },
      ),
    differences: async (a, b, columns) =>
      bagDifferences(
        rowsOf(a),
        rowsOf(b),
        columns.map(({ name }) => name),
      ),
    close: async () => files.clear(),
  }
}

/** What a load computes, in plain JavaScript over small rows: a thousand times a second, for the simulation alone. */
export const plainEngine: LoadEngine = { transforms: async (shape) => plainTransforms(shape) }
