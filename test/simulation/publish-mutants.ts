// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of the source, placeholders and all.

import type { Mutant } from './mutants.ts'

/** Bugs in what is published of the commits, and in holding it to them. */
export const PUBLISH_MUTANTS: readonly Mutant[] = [
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
    name: 'only the newest day is published',
    file: 'load/reconcile.ts',
    edits: [['new Set([...differing, ...(await missingDays(desk, days))])', 'differing.slice(-1)']],
  },
  {
    name: 'history is written before the snapshots it names',
    from: 39,
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
    from: 53,
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
    from: 10,
    file: 'load/reconcile.ts',
    edits: [
      [
        'return days.filter((day) => applied.get(day.dt) !== day.version)',
        'return days.filter((day) => !applied.has(day.dt))',
      ],
    ],
  },
  {
    // Either alone covers for the other: whoever won looks once more, whoever lost tries again.
    name: 'a write of a derived object is made once, and nobody looks at it again',
    from: 1896,
    file: 'load/publish.ts',
    edits: [
      ['if (!result.won) continue', 'if (!result.won) return true'],
      ['if (await (await wanted()).isSame(mine)) return true', 'return mine !== undefined'],
    ],
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
    name: 'a load publishes only when it committed something',
    from: 155,
    file: 'load/load.ts',
    edits: [
      [
        '  const { objects, changes } = await reconcile(desk)\n',
        '  const there0 = await desk.store.head(`history/entity=${desk.at.entity}/site=${desk.at.site}/data.parquet`)\n  if (isIdle && committed.length === 0 && there0 !== undefined) return { committed, held, published: 0, changes: null }\n  const { objects, changes } = await reconcile(desk)\n',
      ],
      ['run: string, dt?: Day): Promise<LoadResult> {', 'run: string, dt?: Day, isIdle = false) {'],
      ['await finishLoad(desk, run, dt)', 'await finishLoad(desk, run, dt, true)'],
    ],
  },
  {
    name: 'history is written over whatever is there by then',
    from: 7,
    file: 'load/reconcile.ts',
    edits: [
      [
        "const condition = found.etag === undefined ? 'absent' : { etag: found.etag }",
        "const there0 = await desk.store.head(keys.history(desk.at))\n    const condition = there0 === undefined ? 'absent' : { etag: there0.etag }",
      ],
    ],
  },
  {
    name: 'a snapshot is written over whatever is there by then',
    from: 229,
    file: 'load/publish.ts',
    edits: [
      [
        "const result = await store.write(key, bytes, existing === undefined ? 'absent' : { etag: existing.etag })",
        "const there0 = await store.head(key)\n    const result = await store.write(key, bytes, there0 === undefined ? 'absent' : { etag: there0.etag })",
      ],
    ],
  },
  {
    name: 'days are listed before history is looked at',
    from: 23,
    file: 'load/reconcile.ts',
    edits: [
      [
        '  const there = await findHistory(desk)\n',
        '  const days = await committedDays(desk.store, desk.at)\n  const there = await findHistory(desk)\n',
      ],
      ['  const days = await committedDays(desk.store, desk.at)\n  let written = 0\n', '  let written = 0\n'],
    ],
  },
  {
    name: 'days are listed before a snapshot is looked at',
    from: 137,
    file: 'load/publish.ts',
    edits: [
      [
        '    const existing = await look(store, key)\n    const want = await wanted()\n',
        '    const want = await wanted()\n    const existing = await look(store, key)\n',
      ],
    ],
  },
  {
    name: 'a derived object is removed and written anew',
    file: 'load/publish.ts',
    edits: [
      [
        "const result = await store.write(key, bytes, existing === undefined ? 'absent' : { etag: existing.etag })",
        "if (existing !== undefined) await store.remove(key)\n    const result = await store.write(key, bytes, 'absent')",
      ],
    ],
  },
  {
    name: 'history does not say which days were withdrawn',
    from: 6,
    file: 'load/history.ts',
    edits: [
      [
        'applied: JSON.stringify(applied) }',
        'applied: JSON.stringify(applied.filter((day) => day.sha256 !== null)) }',
      ],
    ],
  },
  {
    name: 'a late day is applied on top of later ones',
    file: 'load/history.ts',
    edits: [['const last = days[same - 1]?.dt', 'const last = found.applied.at(-1)?.dt']],
  },
  {
    name: 'a day of parents does not see that an earlier one was corrected',
    from: 141,
    file: 'load/snapshot.ts',
    edits: [['days.filter((day) => day.dt <= dt).map(', 'days.filter((day) => day.dt === dt).map(']],
  },
  {
    name: 'verify does not look at the order of days',
    from: 21,
    file: 'verify/days.ts',
    edits: [['  yield* verifyOrder(desk, days)\n', '  yield* verifyOrder(desk, [])\n']],
  },
  {
    name: 'a month looks at its own days alone',
    from: 50,
    file: 'load/events.ts',
    edits: [['addDays(`${month}-01`, -4)', 'addDays(`${month}-01`, 0)']],
  },
  {
    name: 'a table is published where there is no day',
    file: 'load/reconcile.ts',
    edits: [['(done.isEmpty ? 0 : await publishCurrent(desk))', '(await publishCurrent(desk))']],
  },
]
