// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of the source, placeholders and all.

/** A deliberate bug in one file of the source. */
export interface Mutant {
  readonly name: string
  /** Below `lib/`. */
  readonly file: string
  /** What is found, which stands exactly once in the file, and what is put there. */
  readonly edits: readonly (readonly [find: string, put: string])[]
  /** Where the suite begins to look, shortly before a seed that is known to find it: all seeds up to there would take long. */
  readonly from?: number
}

/**
 * Bugs of the protocol that the simulation must find. Each was made, or nearly made, by somebody: most are what a simpler
 * design would do, the last are those that the simulation found in this one.
 */
export const MUTANTS: readonly Mutant[] = [
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
    file: 'extract/children.ts',
    edits: [
      [
        "return { verdict: 'forbidden', rows: [], proof: null }",
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
    from: 50,
    file: 'core/keys.ts',
    edits: [
      [
        "attempt=${checked('attempt', ATTEMPT, attempt)}",
        "attempt=${checked('attempt', ATTEMPT, attempt).slice(0, 0)}00000000",
      ],
    ],
  },
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
    from: 355,
    file: 'load/desk.ts',
    edits: [['if (object.sha256 !== expected) {', "if (object.sha256 !== expected && expected === '') {"]],
  },
  {
    name: 'a snapshot is published before its commit',
    file: 'load/load.ts',
    edits: [
      [
        '  await commit(store, receipt, facts)\n',
        "  const at = { entity: receipt.entity, site: receipt.site }\n  const early = await store.read(`candidate/entity=${at.entity}/site=${at.site}/dt=${receipt.dt}/${receipt.sha256}.parquet`)\n  if (early !== undefined) await store.write(`snapshot/entity=${at.entity}/site=${at.site}/dt=${receipt.dt}/data.parquet`, early.bytes, 'absent')\n  await commit(store, receipt, facts)\n",
      ],
    ],
  },
  {
    name: 'a late day is ignored',
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
    from: 54,
    file: 'load/judge.ts',
    edits: [
      [
        "if (disorder !== null) return { verdict: 'incomplete', reason: disorder }",
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
    name: 'only the newest day is published',
    file: 'load/reconcile.ts',
    edits: [['new Set([...differing, ...(await missingDays(desk, days))])', 'differing.slice(-1)']],
  },
  {
    name: 'history is written before the snapshots it names',
    from: 43,
    file: 'load/reconcile.ts',
    edits: [
      [
        'for (const day of new Set([...differing, ...(await missingDays(desk, days))]))\n    written += await publishDay(desk, day.dt)',
        'const late = new Set([...differing, ...(await missingDays(desk, days))])',
      ],
      [
        '  // A day committed while we folded',
        '  for (const day of late) written += await publishDay(desk, day.dt)\n  // A day committed while we folded',
      ],
    ],
  },
  {
    name: 'nobody looks again after history was written',
    from: 80,
    file: 'load/reconcile.ts',
    edits: [
      [
        'const isStill = sameDays(days, await committedDays(desk.store, desk.at))',
        'const isStill = days.length >= 0',
      ],
    ],
  },
  {
    name: 'history does not see corrected versions',
    file: 'load/history.ts',
    edits: [['day.dt === other?.dt && day.version === other.version', 'day.dt === other?.dt']],
  },
  {
    name: 'days that differ by version are not published again',
    file: 'load/reconcile.ts',
    edits: [
      [
        'return days.filter((day) => applied.get(day.dt) !== day.version)',
        'return days.filter((day) => !applied.has(day.dt))',
      ],
    ],
  },
  {
    name: 'a lost write of a derived object is not made again',
    from: 282,
    file: 'load/publish.ts',
    edits: [['if (result.won) return true', 'if (result.won || attempt === 0) return true']],
  },
  {
    name: 'what is published is taken for right',
    file: 'load/snapshot.ts',
    edits: [
      [
        'isSame: ({ sha256 }) => Promise.resolve(sha256 === candidate),',
        'isSame: ({ sha256 }) => Promise.resolve(sha256 !== undefined),',
      ],
    ],
  },
  {
    name: 'two readings of the same rows are one',
    file: 'load/candidate.ts',
    edits: [['{ reading: first.run }', "{ reading: '' }"]],
  },
]
