import type { Shape } from '../../lib/tableau/answer.ts'

/** Pages that were once handled wrongly, or show where another reader would be: what was wrong, base64 of the page, its payload. */
export const BAD_PAGES: readonly (readonly [fault: string, base64: string, shape: Shape])[] = [
  [
    'an instruction whose name is none, which libxml2 refuses',
    'PD94bT8gdmVyc2lvbj0iMS4wIj8+PHRzUmVzcG9uc2U+PHVzZXIgaWQ9InUxIi8+PC90c1Jlc3BvbnNlPg==',
    { list: null, item: 'user' },
  ],
  [
    'a byte order mark within an id',
    'PHRzUmVzcG9uc2U+PHVzZXJzPjx1c2VyIGlkPSLvu791MSIvPjx1c2VyIGlkPSJ177u/MiIvPjwvdXNlcnM+PC90c1Jlc3BvbnNlPg==',
    { list: 'users', item: 'user' },
  ],
  [
    'prefixes that nobody declared',
    'PHRzUmVzcG9uc2U+PHBhZ2luYXRpb24gcGFnZU51bWJlcj0iMSIgcGFnZVNpemU9IjEiIHRvdGFsQXZhaWxhYmxlPSIxIi8+PHVzZXJzPjx0OnVzZXIgeDppZD0idTEiLz48L3VzZXJzPjwvdHNSZXNwb25zZT4=',
    { list: 'users', item: 'user' },
  ],
]

/** Items that were once handled wrongly: what was wrong, the entity, and the item as JSON. */
export const BAD_ITEMS: readonly (readonly [fault: string, entity: string, item: string])[] = [
  [
    'an id of 5,000 letters in a message',
    'workbooks',
    JSON.stringify({ '@id': 'x'.repeat(5_000), '@name': 'n', '@size': 'many' }),
  ],
]
