// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of the source, placeholders and all.

import type { Mutant } from './mutants.ts'

/** Bugs in the SQL that folds and compares, which only DuckDB runs: its seeds must find them. */
export const FOLD_MUTANTS: readonly Mutant[] = [
  {
    name: 'a row that changed stays open',
    from: 1_000_002,
    file: 'transform/fold.ts',
    edits: [
      [
        'WHERE NOT (${there}) OR NOT (${here}) OR (${changed}) OR (${appeared})',
        'WHERE NOT (${there}) OR NOT (${here}) OR (${appeared})',
      ],
    ],
  },
  {
    name: 'a cell that empties is no change',
    from: 1_000_020,
    file: 'transform/fold.ts',
    edits: [['IS DISTINCT FROM t.', '<> t.']],
  },
  {
    name: 'history is not taken back to the day before a correction',
    from: 1_000_040,
    file: 'transform/fold.ts',
    edits: [
      [
        'const isClosed = `valid_to IS NOT NULL AND valid_to <= ${dateOf(day)}`',
        'const isClosed = `valid_to IS NOT NULL`',
      ],
    ],
  },
  {
    name: 'rows that opened later stay when history is taken back',
    from: 1_000_040,
    file: 'transform/fold.ts',
    edits: [['WHERE valid_from <= ${dateOf(day)}`', 'WHERE valid_from IS NOT NULL`']],
  },
  {
    name: 'a row below a parent is last known of the day before',
    from: 1_000_400,
    file: 'transform/fold.ts',
    edits: [['CASE WHEN EXISTS (SELECT 1 ${ofParent})', 'CASE WHEN false']],
  },
  {
    name: 'a parent that was never read was read the day before',
    from: 1_000_036,
    file: 'transform/fold.ts',
    edits: [
      ['THEN (SELECT max(observed_on)', 'THEN (SELECT coalesce(max(observed_on), ${dateOf(dayBefore(day))})'],
    ],
  },
  {
    name: 'rows that came count as gone',
    from: 1_000_032,
    file: 'transform/comparing.ts',
    edits: [
      [
        'FROM ${before} b WHERE NOT EXISTS (SELECT 1 FROM ${after} a WHERE ${key})',
        'FROM ${after} a WHERE NOT EXISTS (SELECT 1 FROM ${before} b WHERE ${key})',
      ],
    ],
  },
  {
    name: 'what was not read of a parent is forgotten',
    from: 1_000_003,
    file: 'transform/days.ts',
    edits: [["WHERE verdict <> 'read'))", "WHERE verdict = 'forbidden'))"]],
  },
]
