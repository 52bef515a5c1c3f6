/** What columns mean that no declaration holds: those of views, and of what the runs left behind. By relation, `*` for all. */
export const MEANINGS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  '*': {
    site: 'Slug of the site',
    dt: 'The logical day',
    valid_from: 'First day on which the row was so',
    cause: 'Why the version begins: new, changed, returned or schema',
  },
  changes: {
    changed_on: 'The first day on which it was seen',
    changed_after:
      'The reading before; for a change the last one that knew the column, of columns that changed on the same day the earliest: it happened after this day and not later than changed_on; null where there was none',
    kind: 'new, changed, gone, or returned (it had been gone); what differs from before it went is changed, too',
    column: 'The column that changed; null for new, gone and returned rows',
    old_value: 'What it was before, as text',
    new_value: 'What it is since, as text',
  },
  runs: {
    run: 'The run',
    server: 'Address of the server; null when the run never reached it',
    api_version: 'REST API version that was spoken',
    started_at: 'When it began, UTC',
    ended_at: 'When it ended, UTC',
    failure_code: 'Error code of what ended the run before its time; null when nothing did',
    failure_message: 'The message with it',
  },
  run_entities: {
    run: 'The run',
    entity: 'The entity',
    verdict: 'complete, incomplete, forbidden, unsupported or guarded; only complete is committed',
    expected: 'Rows that Tableau announced; null where it announces none',
    fetched: 'Rows that were read',
    duplicates: 'Rows that came twice, over all passes',
    new: 'Keys that the day brought',
    changed: 'Keys whose tracked columns the day changed',
    gone: 'Keys that the day lost',
    calls: 'Requests',
    retries: 'Requests that were sent again',
    milliseconds: 'Time from the first request to the last published object',
    candidate: 'SHA-256 of a candidate that was held; null otherwise',
    already: 'Whether the reading that is committed is an earlier run’s',
    reason: 'Why the verdict is not complete, and what to do',
  },
}
