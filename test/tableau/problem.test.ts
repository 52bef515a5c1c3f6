import { describe, expect, it } from 'vitest'
import type { ErrorCode } from '../../lib/core/errors.ts'
import { redacted } from '../../lib/core/redact.ts'
import { isSessionLoss, problemOf } from '../../lib/tableau/problem.ts'
import { TOKEN } from './servers.ts'

const CODES: readonly (readonly [tableauCode: string, status: number, code: ErrorCode])[] = [
  ['400000', 400, 'tableau-error'],
  ['400006', 400, 'tableau-error'],
  ['401000', 401, 'session-lost'],
  ['401001', 401, 'sign-in-refused'],
  ['401002', 401, 'session-lost'],
  ['401003', 401, 'sign-in-refused'],
  ['403004', 403, 'forbidden'],
  ['403018', 403, 'forbidden'],
  ['403014', 403, 'tableau-error'],
  ['403069', 403, 'forbidden'],
  ['404000', 404, 'unknown-site'],
  ['404000', 403, 'unknown-site'],
  ['404003', 404, 'tableau-error'],
  ['404012', 404, 'tableau-error'],
  ['408000', 408, 'server-error'],
  ['409028', 403, 'tableau-error'],
  ['429000', 429, 'rate-limited'],
  ['429000', 200, 'rate-limited'],
  ['500000', 500, 'server-error'],
  ['503800', 503, 'server-error'],
  ['501000', 200, 'server-error'],
]

const failed = { place: 'GET https://host/api/3.29/x', status: 400 }

describe('problemOf', () => {
  it.each(CODES)('%s with HTTP %i is %s', (tableauCode, status, code) => {
    const error = problemOf(
      { code: tableauCode, summary: 'Ressourcenkonflikt', detail: 'Einzelheit' },
      { ...failed, status },
    )
    expect(error).toMatchObject({ code, tableauCode, details: { status } })
    expect(error.message).toBe(
      `GET https://host/api/3.29/x: Tableau answered ${tableauCode} (HTTP ${status}): Ressourcenkonflikt: Einzelheit`,
    )
  })

  it.each(['', '12', '4040001', 'abcdef'])('lets the status decide where the code is %j', (code) => {
    expect(problemOf({ code, summary: '', detail: '' }, { ...failed, status: 503 })).toMatchObject({
      code: 'server-error',
      tableauCode: undefined,
    })
    expect(problemOf({ code, summary: '', detail: '' }, failed)).toMatchObject({ code: 'tableau-error' })
  })

  it('repeats nothing of a confidential answer', () => {
    const error = problemOf(
      { code: '400000', summary: 'secret', detail: 'secret' },
      { ...failed, confidential: true },
    )
    expect(error.message).not.toContain('secret')
  })

  it('says which errors mean that the session ended', () => {
    const lost = problemOf({ code: '401002', summary: '', detail: '' }, failed)
    expect([
      isSessionLoss(lost),
      isSessionLoss(new Error('x')),
      isSessionLoss(problemOf({ code: '401001', summary: '', detail: '' }, failed)),
    ]).toEqual([true, false, false])
  })
})

const TEXTS: readonly (readonly [text: string, shown: string])[] = [
  ['plain words stay', 'plain words stay'],
  [`token ${TOKEN} here`, 'token [hidden] here'],
  [`"${Buffer.from(TOKEN).toString('base64')}"`, '"[hidden]"'],
  [encodeURIComponent(TOKEN), '[hidden]'],
  [
    'group 9a8b7c6d-5e4f-3a2b-1c0d-9e8f7a6b5c4d is gone',
    'group 9a8b7c6d-5e4f-3a2b-1c0d-9e8f7a6b5c4d is gone',
  ],
  ['two\nlines\r\n\u001b[31mred\u2028', 'two lines [31mred'],
  ['word '.repeat(40), `${'word '.repeat(16)}…`],
]

describe('redacted', () => {
  it.each(TEXTS)('%j', (text, shown) => {
    expect(redacted(text)).toBe(shown)
  })
})
