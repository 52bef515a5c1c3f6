import { openReader, type Reader } from '../../lib/engine/reader.ts'
import { definition, type Relation } from '../../lib/tables/relation.ts'

/** A column as the engine shows it to analysts. */
export interface DescribedColumn {
  readonly name: string
  /** The engine's type. */
  readonly type: string
}

/** A relation with its columns. */
export interface DescribedRelation {
  readonly relation: Relation
  readonly columns: readonly DescribedColumn[]
}

async function columnsOf(reader: Reader, { name, kind }: Relation): Promise<readonly DescribedColumn[]> {
  const from = kind === 'macro' ? `${name}(DATE '2026-11-01')` : name
  const { columns } = await reader.select(`SELECT * FROM ${from} LIMIT 0`)
  return columns
}

/** Defines every relation over no files and asks the engine for its columns: the dictionary shows what a query sees. */
export async function describeRelations(
  relations: readonly Relation[],
): Promise<readonly DescribedRelation[]> {
  const reader = await openReader([])
  try {
    const described: DescribedRelation[] = []
    for (const relation of relations) {
      await reader.define(definition(relation, []))
      described.push({ relation, columns: await columnsOf(reader, relation) })
    }
    return described
  } finally {
    reader.close()
  }
}
