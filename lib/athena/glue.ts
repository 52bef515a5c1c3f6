import type { ColumnType } from '../core/column.ts'
import type { TableColumn } from '../tables/table.ts'

/** A column of the Glue catalog: its type in Hive's words, its meaning as comment. */
export interface GlueColumn {
  readonly name: string
  readonly type: string
  readonly comment: string
}

/** A table of the Glue catalog, in the shape and words of Glue's own `TableInput`. */
export interface GlueTable {
  readonly name: string
  readonly description: string
  readonly tableType: 'EXTERNAL_TABLE' | 'VIRTUAL_VIEW'
  readonly parameters: Readonly<Record<string, string>>
  readonly partitionKeys: readonly GlueColumn[]
  readonly storageDescriptor: {
    readonly columns: readonly GlueColumn[]
    readonly location?: string
    readonly inputFormat?: string
    readonly outputFormat?: string
    readonly serdeInfo: {
      readonly name?: string
      readonly serializationLibrary: string
      readonly parameters?: Readonly<Record<string, string>>
    }
  }
  readonly viewOriginalText?: string
  readonly viewExpandedText?: string
}

/** Hive's type of each column type, which stands in the Glue catalog. */
export const GLUE_TYPE: Readonly<Record<ColumnType, string>> = {
  text: 'string',
  integer: 'bigint',
  double: 'double',
  boolean: 'boolean',
  timestamp: 'timestamp',
  date: 'date',
  list: 'array<string>',
}

/** Bytes that Glue takes as the comment of a column, and as the description of a table. */
const COMMENT_BYTES = 255
const DESCRIPTION_BYTES = 2048

/** A text of at most so many bytes in UTF-8: a longer one ends at a word, with an ellipsis. */
export function cut(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text
  const words = text.split(' ')
  while (words.length > 1 && Buffer.byteLength(`${words.join(' ')} …`) > bytes) words.pop()
  return `${words.join(' ')} …`
}

/** What a table holds, as Glue takes it. */
export const description = (doc: string): string => cut(doc, DESCRIPTION_BYTES)

/** A column of ours as Glue's. */
export const glueColumn = ({ name, type, doc }: TableColumn): GlueColumn => ({
  name,
  type: GLUE_TYPE[type],
  comment: cut(doc, COMMENT_BYTES),
})
