import { describe, expect, test } from 'vitest'
import { FILE, leastFile, parse, print, refusal } from './sample.ts'

const right = print(leastFile())

describe('text that is no strict JSON', () => {
  test.each([
    ['nothing', '', '1:1 is empty'],
    ['white space alone', ' \n ', '1:1 is empty'],
    ['a list', '[]', '1:1 an empty list is no object with "sites"'],
    ['a text', '"x"', '1:1 "x" is no object with "sites"'],
    ['a missing colon', '{\n  "owner" "x"\n}', '2:11 lacks the colon'],
    ['a missing comma', '{\n  "owner": "x"\n  "sites": []\n}', '3:3 lacks a comma'],
    ['a missing value', '{\n  "owner": ,\n}', '2:12 lacks a value'],
    ['a missing brace', '{ "owner": "x"', '1:15 lacks the }'],
    ['a missing bracket', '{ "sites": [', '1:13 lacks the ]'],
    ['more after the end', '{}\n}', '2:1 has more text after the end'],
    ['words of other languages', '{ "owner": None }', '1:12 is no JSON'],
    ['single quotes', "{ 'owner': 1 }", '1:3 is no JSON'],
    ['a name without quotes', '{ owner: 1 }', '1:3 is no JSON'],
    ['a text without an end', '{ "owner": "x\n}', '1:12 lacks the double quote'],
    ['an unknown escape', '{ "caFile": "C:\\pki" }', '1:13 has a backslash'],
    ['a broken unicode escape', '{ "caFile": "\\u12" }', '1:13 has a \\u'],
    ['a tab in a text', '{ "owner": "a\tb" }', '1:12 has a control character'],
    ['a comment without an end', '{ /* x', '1:3 has a comment without an end'],
  ])('%s is told at its place', (_, text, says) => {
    const { message } = refusal(text)
    expect(message).toContain(`${FILE}:${says}`)
    expect(message.split('\n')).toHaveLength(1)
  })

  test.each([
    ['a comment', right.replace('\n', ' // whose\n'), '1:3 is a comment'],
    ['a comment of many lines', right.replace('\n', '\n/* a\n b */'), '2:1 is a comment'],
    ['a comma before a brace', right.replace(/\n\}$/, ',\n}'), 'is a comma too many, before the closing }'],
    ['a comma and a comment', right.replace(/\]\n\}$/, '],\n}'), 'is a comma too many'],
    [
      'a comma before a bracket',
      right.replace(/\}\n {2}\]/, '},\n  ]'),
      'is a comma too many, before the closing ]',
    ],
  ])('%s is told as that', (_, text, says) => {
    expect(text).not.toBe(right)
    expect(refusal(text).message).toContain(says)
    expect(refusal(text).message.split('\n')).toHaveLength(1)
  })

  test('beside comments and commas the rest is told too', () => {
    const text = '{\n  // whose\n  "owner": 1,\n  "sites": [1,],\n}'
    expect(
      refusal(text)
        .message.split('\n')
        .map((line) => line.split(' ')[0]),
    ).toEqual(['2:3', '3:12', '4:13', '4:14', '4:16'].map((at) => `${FILE}:${at}`))
  })

  test('what only looks like a comment or a comma is text', () => {
    expect(parse(print(leastFile({ owner: 'a // b, /* c */,}' }))).sites[0]?.owner).toBe('a // b, /* c */,}')
  })
})

describe('a name that stands twice', () => {
  test.each([
    ['at the top', right.replace('{', '{ "owner": "x",'), '2:3 owner: stands twice'],
    [
      'in a site',
      right.replace('"server"', '"server": "https://a.example.com",\n"server"'),
      ' sites[0].server: stands twice',
    ],
    ['written differently', right.replace('{', '{ "\\u006fwner": "x",'), '2:3 owner: stands twice'],
  ])('%s is told at the second', (_, text, says) => {
    expect(refusal(text).message).toContain(says)
    expect(refusal(text).message.split('\n')).toHaveLength(1)
  })

  test('in two objects is no mistake', () => {
    expect(parse(print(leastFile({ owner: 'a' }, { owner: 'b' }))).sites[0]?.owner).toBe('b')
  })
})

describe('text that editors write', () => {
  test.each([
    ['a byte order mark', `\uFEFF${right}`],
    ['line ends of Windows', right.replaceAll('\n', '\r\n')],
    ['no line end at all', JSON.stringify(leastFile())],
    ['tabs', JSON.stringify(leastFile(), null, '\t')],
  ])('%s is read', (_, text) => expect(parse(text)).toEqual(parse(right)))

  test('positions count lines whatever ends them', () => {
    const text = print(leastFile({ concurrency: 0 }))
    expect(refusal(text.replaceAll('\n', '\r\n')).message).toBe(refusal(text).message)
    expect(refusal(`\uFEFF${text}`).message).toBe(refusal(text).message)
  })
})

describe('text that is too much', () => {
  test.each([
    ['depth', '['.repeat(100_000), 'is nested deeper than 32 levels'],
    ['depth in objects', '{"a":'.repeat(100_000), 'is nested deeper than 32 levels'],
    ['length', ' '.repeat(1_000_001), 'is longer than 1000000 characters'],
  ])('%s is refused', (_, text, says) => expect(refusal(text).message).toContain(says))
})
