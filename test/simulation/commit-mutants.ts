// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of the source, placeholders and all.

import type { Mutant } from './mutants.ts'

/** Bugs in what is committed, and when. */
export const COMMIT_MUTANTS: readonly Mutant[] = [
  {
    name: 'a candidate is written before its receipt',
    file: 'load/candidate.ts',
    edits: [
      [
        "  await desk.store.write(keys.candidateReceipt(desk.at, dt, receipt.sha256), jsonBytes(receipt), 'absent')\n  await desk.store.write(keys.candidate(desk.at, dt, receipt.sha256), bytes, 'absent')",
        "  await desk.store.write(keys.candidate(desk.at, dt, receipt.sha256), bytes, 'absent')\n  await desk.store.write(keys.candidateReceipt(desk.at, dt, receipt.sha256), jsonBytes(receipt), 'absent')",
      ],
    ],
  },
  {
    name: 'bytes are not held to the SHA-256 that names them',
    from: 291,
    file: 'load/desk.ts',
    edits: [['if (object.sha256 !== expected) {', "if (object.sha256 !== expected && expected === '') {"]],
  },
  {
    name: 'a late day is ignored',
    from: 14,
    file: 'load/load.ts',
    edits: [
      [
        'for (const receipt of await heldCandidates(desk.store, desk.at, days)) {',
        "for (const receipt of (await heldCandidates(desk.store, desk.at, days)).filter((each) => each.dt > (days.at(-1)?.dt ?? ''))) {",
      ],
    ],
  },
  {
    name: 'held days are not judged again after a commit',
    file: 'load/load.ts',
    edits: [
      ['    committed.push(progress)\n', '    committed.push(progress)\n    return { committed, held }\n'],
    ],
  },
  {
    name: 'the guard lets everything pass',
    file: 'load/guard.ts',
    edits: [
      ['if (before > 0 && after === 0) return', 'return null\n  if (before > 0 && after === 0) return'],
    ],
  },
  {
    name: 'the order of days is not looked at',
    from: 261,
    file: 'load/judge.ts',
    edits: [
      [
        "if (disorder !== null) return { verdict: 'incomplete', reason: disorder, refutedBy }",
        "if (disorder === '') return { verdict: 'incomplete', reason: disorder }",
      ],
    ],
  },
  {
    name: 'a manifest is written whether or not it is there',
    file: 'load/commit.ts',
    edits: [
      [
        "const result = await store.write(key, jsonBytes(manifest), 'absent')",
        "const there0 = await store.head(key)\n  const result = await store.write(key, jsonBytes(manifest), there0 === undefined ? 'absent' : { etag: there0.etag })",
      ],
    ],
  },
  {
    name: 'a lost race is reported as won',
    file: 'load/commit.ts',
    edits: [
      [
        'return winner.run === manifest.run && winner.candidate === manifest.candidate',
        'return winner.format === 1',
      ],
    ],
  },
  {
    name: 'two readings of the same rows are one',
    from: 10,
    file: 'load/candidate.ts',
    edits: [['{ reading: first.run }', "{ reading: '' }"]],
  },
  {
    name: 'a candidate counts before its Parquet is there',
    file: 'load/candidate.ts',
    edits: [
      ["key.endsWith('.json') && listed.has(key.replace(/\\.json$/, '.parquet'))", "key.endsWith('.json')"],
    ],
  },
  {
    name: 'a lost answer is taken for a lost race',
    from: 53,
    file: 'load/commit.ts',
    edits: [
      [
        'return winner.run === manifest.run && winner.candidate === manifest.candidate',
        'return winner.format !== 1',
      ],
    ],
  },
  {
    name: 'a correction replaces whatever is there by then',
    from: 43,
    file: 'load/correct.ts',
    edits: [['if (replaces.length < 8 || !now.startsWith(replaces)) {', 'if (replaces.length < 8) {']],
  },
]
