// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of the source, placeholders and all.

import type { Mutant } from './mutants.ts'

/** Bugs in reading a site and in landing what was read. */
export const READING_MUTANTS: readonly Mutant[] = [
  {
    name: 'a list that is short is accepted',
    file: 'core/completeness.ts',
    edits: [
      [
        'if (firstTotal !== null && unique !== firstTotal)',
        'if (firstTotal !== null && unique > firstTotal)',
      ],
    ],
  },
  {
    name: 'rows that came twice count as two',
    file: 'core/completeness.ts',
    edits: [
      ['if (received > unique) return', 'if (received < unique) return'],
      ['unique !== firstTotal)', 'received !== firstTotal)'],
    ],
  },
  {
    name: 'what is forbidden counts as read and empty',
    from: 26,
    file: 'extract/children.ts',
    edits: [
      [
        "return { verdict: 'forbidden', rows: [], proof: null, refusal: error }",
        "return { verdict: 'read', rows: [], proof: null }",
      ],
    ],
  },
  {
    name: 'the parts of a landing are not waited for',
    file: 'extract/landing.ts',
    edits: [
      [
        "    await store.write(key, bytes, 'absent')\n    parts.push",
        "    void store.write(key, bytes, 'absent').catch(() => undefined)\n    parts.push",
      ],
    ],
  },
  {
    name: 'two attempts share the keys of their parts',
    from: 13,
    file: 'core/keys.ts',
    edits: [
      [
        "attempt=${checked('attempt', ATTEMPT, attempt)}",
        "attempt=${checked('attempt', ATTEMPT, attempt).slice(0, 0)}00000000",
      ],
    ],
  },
  {
    name: 'a list that cannot be read counts as empty',
    from: 10,
    file: 'extract/rows.ts',
    edits: [
      [
        '    readComplete(client, asked, newSink, options),\n',
        '    readComplete(client, asked, newSink, options).catch(() => ({ proof: { pass: { firstTotal: 0, lastTotal: 0, received: 0, unique: 0 }, passes: 1, pages: 0, duplicates: 0, surplus: 0, observedFrom: client.observedAt, observedTo: client.observedAt, cost: { requests: 0 } }, sink: newSink() })),\n',
      ],
    ],
  },
]
