import { beforeEach, describe, expect, test, vi } from 'vitest'

type Redact = typeof import('../../lib/core/redact.ts')

/** The secrets of a process are its own: each test is a process of its own. */
let redact: Redact
beforeEach(async () => {
  vi.resetModules()
  redact = await import('../../lib/core/redact.ts')
})

describe('a text on one line', () => {
  test.each([
    ['as it is', 'a b', 10, 'a b'],
    ['as long as may be', '0123456789', 10, '0123456789'],
    ['cut behind', '0123456789x', 10, '0123456789…'],
    ['trimmed', '  a  ', 10, 'a'],
    ['without rows of blanks', 'a   b    c', 10, 'a b c'],
    ['without control characters', 'a\r\n\t\u001b\u009f\u2028b\u007f', 10, 'a b'],
    ['with the character after the controls', 'a\u00a0b', 10, 'a\u00a0b'],
  ])('%s', (_, text, length, line) => expect(redact.oneLine(text, length)).toBe(line))
})

describe('what a server sent', () => {
  test.each([
    ['16 characters of a token', 'see 0123456789abcdeF!', 'see [hidden]!'],
    ['a token with all that tokens hold', 'see A1b2+/_=|:%-C3d4!', 'see [hidden]!'],
    ['15 characters', 'see 0123456789abcde!', 'see 0123456789abcde!'],
    ['a LUID', 'see 1f2f3e4e-5d6d-7c8c-9b0b-1a2a3f4f5e6e!', 'see 1f2f3e4e-5d6d-7c8c-9b0b-1a2a3f4f5e6e!'],
    ['a LUID and more', 'see 1f2f3e4e-5d6d-7c8c-9b0b-1a2a3f4f5e6e0!', 'see [hidden]!'],
    ['more and a LUID', 'see 01f2f3e4e-5d6d-7c8c-9b0b-1a2a3f4f5e6e!', 'see [hidden]!'],
    ['a LUID with a piece too few', 'see 1f2f3e4e-5d6d-7c8c-1a2a3f4f5e6e!', 'see [hidden]!'],
    ['a long word', 'Donaudampfschifffahrtsgesellschaft', 'Donaudampfschifffahrtsgesellschaft'],
    ['words that are joined', 'tableau:content:read-and-write', 'tableau:content:read-and-write'],
    ['a word and a number', 'Donaudampfschifffahrt1', '[hidden]'],
    ['a number and a word', '1Donaudampfschifffahrt', '[hidden]'],
    ['80 characters', 'a b '.repeat(20), 'a b '.repeat(20).trim()],
    ['more than 80', `${'a b '.repeat(20)}cd`, `${'a b '.repeat(20)}…`],
  ])('%s', (_, text, shown) => expect(redact.redacted(text)).toBe(shown))

  test('of a length that is asked for', () => expect(redact.redacted('a b c d', 3)).toBe('a b…'))

  test('without a secret that is known, which is no token by its looks', () => {
    redact.hideFromNowOn('my, own. secret?')
    expect(redact.redacted('it said my, own. secret?!')).toBe('it said [hidden]!')
  })
})

const SECRET = 'kX9?f"Q/w2ü&Zé7'
const utf8 = (text: string): string[] =>
  [...Buffer.from(text)].map((byte) => byte.toString(16).padStart(2, '0'))
const chars = (of: (character: string) => string): string => [...SECRET].map(of).join('')
const point = (character: string): number => character.codePointAt(0) ?? 0

/** How a server may say a secret. */
const SAID: readonly (readonly [string, string])[] = [
  ['as it is', SECRET],
  ['in capitals of ASCII', 'KX9?F"Q/W2ü&Zé7'],
  ['backwards', [...SECRET].reverse().join('')],
  ['in hex', utf8(SECRET).join('')],
  ['as a URL', encodeURI(SECRET)],
  ['as a part of a URL', encodeURIComponent(SECRET)],
  [
    'with every byte as in a URL',
    utf8(SECRET)
      .map((byte) => `%${byte}`)
      .join(''),
  ],
  ['in JSON', JSON.stringify(SECRET).slice(1, -1)],
  ['in JSON in JSON', JSON.stringify(JSON.stringify(SECRET).slice(1, -1)).slice(1, -1)],
  ['in escapes of JSON', chars((each) => `\\u${point(each).toString(16).padStart(4, '0')}`)],
  [
    'in names of XML',
    SECRET.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
  ],
  ['in numbers of XML', chars((each) => `&#${point(each)};`)],
  ['in hex numbers of XML', chars((each) => `&#x${point(each).toString(16)};`)],
]

describe('a secret that is known', () => {
  test.each(SAID)('reads [hidden] %s', (_, said) => {
    redact.hideFromNowOn(SECRET)
    expect(redact.withoutSecrets(`a ${said} b ${said} c`)).toBe('a [hidden] b [hidden] c')
  })

  test.each([
    ['&', '&amp;'],
    ['<', '&lt;'],
    ['>', '&gt;'],
    ['"', '&quot;'],
  ])('reads [hidden] where XML names %s', (character, name) => {
    redact.hideFromNowOn(`3x${character}7Qk9Pz`)
    expect(redact.withoutSecrets(`<3x${name}7Qk9Pz>`)).toBe('<[hidden]>')
  })

  test.each(SAID)('is found by eight of its characters, wherever they stand, %s', (_, said) => {
    redact.hideFromNowOn(`1z5:${SECRET}:5z1`)
    expect(redact.withoutSecrets(said)).not.toContain(said.slice(0, 8))
    expect(redact.withoutSecrets(`x ${said} x`)).toMatch(/^x .*\[hidden\].* x$/)
  })

  describe.each([0, 1, 2, 3])('is found in Base64 that begins %i bytes before it', (before) => {
    const secret = `${SECRET}0123?>~!`
    const length = Buffer.byteLength(secret)

    test.each([
      ['and is followed by others', '~', '>>'],
      ['and is its end', '~', ''],
      ['after zeros', '\0', '\0\0'],
    ])('%s', (_, filler, rest) => {
      redact.hideFromNowOn(secret)
      const bytes = Buffer.from(filler.repeat(before) + secret + rest)
      for (const code of ['base64', 'base64url'] as const) {
        const said = bytes.toString(code)
        // A character that a neighbour decides, too, may stay: what the secret alone decides must not.
        const [from, to] = [Math.ceil((before * 4) / 3), Math.floor(((before + length) * 4) / 3)]
        expect(redact.withoutSecrets(said)).toBe(`${said.slice(0, from)}[hidden]${said.slice(to)}`)
      }
    })
  })

  test('leaves seven of its characters: they may be anybody’s', () => {
    redact.hideFromNowOn('k3!f9?Q7x2')
    expect(redact.withoutSecrets('k3!f9?Q and f9?Q7x2')).toBe('k3!f9?Q and f9?Q7x2')
    expect(redact.withoutSecrets('k3!f9?Q7')).toBe('[hidden]')
    expect(redact.withoutSecrets('!f9?Q7x2')).toBe('[hidden]')
  })

  test('leaves seven of its characters where they are written longer, too', () => {
    redact.hideFromNowOn('k3!f9?Q7x2')
    const last = utf8('f9?Q7x2').join('')
    expect(redact.withoutSecrets(last)).toBe(last)
    expect(redact.withoutSecrets(utf8('!f9?Q7x2').join(''))).toBe('[hidden]')
  })

  test('is found in hex where a byte is less than 16', () => {
    redact.hideFromNowOn('k3!\tf9?Q7x2')
    expect(redact.withoutSecrets('6b33210966393f51')).toBe('[hidden]')
  })

  test('that has eight characters is one; that has seven would hide what is none', () => {
    redact.hideFromNowOn('s3cr3t!!')
    redact.hideFromNowOn('s4cr3t!')
    expect(redact.withoutSecrets('s3cr3t!! s4cr3t!')).toBe('[hidden] s4cr3t!')
  })

  test('is hidden with what it is joined to, and no further', () => {
    redact.hideFromNowOn('0a1b2c3d4e')
    redact.hideFromNowOn('4e5f6g7h8i')
    expect(redact.withoutSecrets('<0a1b2c3d4e5f6g7h8i>')).toBe('<[hidden]>')
    expect(redact.withoutSecrets('<0a1b2c3d4e4e5f6g7h8i>')).toBe('<[hidden]>')
    expect(redact.withoutSecrets('<0a1b2c3d4e 4e5f6g7h8i>')).toBe('<[hidden] [hidden]>')
  })

  test('whose whole is there is hidden whole, not by its first part', () => {
    redact.hideFromNowOn('0a1b2c3d')
    redact.hideFromNowOn('0a1b2c3d4e5f')
    expect(redact.withoutSecrets('0a1b2c3d4e5f!')).toBe('[hidden]!')
    expect(redact.withoutSecrets('0a1b2c3d!')).toBe('[hidden]!')
  })

  test('that is a word is hidden as a whole, and its parts are words of ours', () => {
    redact.hideFromNowOn('complete snapshot of Workbooks')
    expect(redact.withoutSecrets('the complete snapshot of Workbooks!')).toBe('the [hidden]!')
    expect(redact.withoutSecrets('a complete snapshot')).toBe('a complete snapshot')
    redact.hideFromNowOn('COMPLETE -- SNAPSHOT_OF ALL')
    expect(redact.withoutSecrets('SNAPSHOT_OF')).toBe('SNAPSHOT_OF')
    expect(redact.withoutSecrets('complete -- s')).toBe('complete -- s')
  })

  test('that is no word is hidden by its parts, for neither capitals in the middle nor digits make one', () => {
    redact.hideFromNowOn('AbCdEfGhIjKl')
    expect(redact.withoutSecrets('bcdefghi')).toBe('[hidden]')
    redact.hideFromNowOn('abcd1efgh2ijkl')
    expect(redact.withoutSecrets('cd1efgh2')).toBe('[hidden]')
  })

  test('with half of a surrogate pair does no harm', () => {
    redact.hideFromNowOn('k3\ud800f9?Q7x2')
    expect(redact.withoutSecrets('k3\ufffdf9?Q7x2')).toBe('[hidden]')
  })

  test('is forgotten when 64 others have come, and not before', () => {
    for (let i = 0; i < 64; i++) redact.hideFromNowOn(`5ecret-${i}-7x9`)
    expect(redact.withoutSecrets('5ecret-0-7x9')).toBe('[hidden]')
    redact.hideFromNowOn('zz?9k3!f9?Q7x2')
    expect(redact.withoutSecrets('zz?9k3!f9?Q7x2')).toBe('[hidden]')
    expect(redact.withoutSecrets('5ecret-1-7x9')).toBe('[hidden]')
    expect(redact.withoutSecrets('5ecret-0-7x9')).not.toBe('[hidden]')
  })

  test('that is forgotten leaves the parts that it shares with another', () => {
    redact.hideFromNowOn('Q7x2zz9k1-5first')
    redact.hideFromNowOn('Q7x2zz9k1-6other')
    expect(redact.withoutSecrets('k1-5first')).toBe('[hidden]')
    for (let i = 0; i < 63; i++) redact.hideFromNowOn(`5ecret-${i}-7x9`)
    expect(redact.withoutSecrets('k1-5first')).toBe('k1-5first')
    expect(redact.withoutSecrets('Q7x2zz9k1')).toBe('[hidden]')
    redact.hideFromNowOn('zz?9k3!f9?Q7x2')
    expect(redact.withoutSecrets('Q7x2zz9k1')).toBe('Q7x2zz9k1')
  })

  test('that is forgotten before a text was looked at takes nothing from the others', () => {
    redact.hideFromNowOn('Q7x2zz9k1-5first')
    redact.hideFromNowOn('Q7x2zz9k1-6other')
    for (let i = 0; i < 63; i++) redact.hideFromNowOn(`5ecret-${i}-7x9`)
    expect(redact.withoutSecrets('Q7x2zz9k1')).toBe('[hidden]')
    expect(redact.withoutSecrets('k1-5first')).toBe('k1-5first')
  })

  test('that comes again is as new', () => {
    redact.hideFromNowOn('0a1b2c3d4e')
    for (let i = 0; i < 63; i++) redact.hideFromNowOn(`5ecret-${i}-7x9`)
    redact.hideFromNowOn('0a1b2c3d4e')
    redact.hideFromNowOn('zz?9k3!f9?Q7x2')
    expect(redact.withoutSecrets('0a1b2c3d4e')).toBe('[hidden]')
    expect(redact.withoutSecrets('5ecret-0-7x9')).not.toBe('[hidden]')
  })

  test('is known from the next text on, also where one was looked at before', () => {
    redact.hideFromNowOn('0a1b2c3d4e')
    expect(redact.withoutSecrets('5f6g7h8i9j')).toBe('5f6g7h8i9j')
    redact.hideFromNowOn('5f6g7h8i9j')
    expect(redact.withoutSecrets('5f6g7h8i9j')).toBe('[hidden]')
  })
})

describe('of a webhook’s address', () => {
  const HOOK =
    'https://hooks.example.com/services/T0AB1CD2E/B9?token=Zx81kq0Lm2&channel=alertsandnews#frag3ment9'

  test.each([
    ['the host is no secret', 'https://hooks.example.com/', 'https://hooks.example.com/'],
    ['nor are words of its path', 'services channel=alertsandnews', 'services channel=alertsandnews'],
    ['pieces of its path are', 'at T0AB1CD2E!', 'at [hidden]!'],
    ['values of its query are', 'at Zx81kq0Lm2!', 'at [hidden]!'],
    ['and so is what is behind #', 'at frag3ment9!', 'at [hidden]!'],
    ['in whatever case', 'at t0ab1cd2e!', 'at [hidden]!'],
  ])('%s', (_, text, shown) => {
    redact.hideFromNowOn(HOOK)
    expect(redact.withoutSecrets(text)).toBe(shown)
  })

  test('written in capitals, the same', () => {
    redact.hideFromNowOn('HTTP://hooks.example.com/T0AB1CD2E')
    expect(redact.withoutSecrets('at hooks.example.com/T0AB1CD2E')).toBe('at hooks.example.com/[hidden]')
  })

  test('that stands in a secret of another kind, all is secret', () => {
    redact.hideFromNowOn('p4ss?https://hooks.example.com/T0')
    expect(redact.withoutSecrets('ss?https://hooks.example')).toBe('[hidden]')
  })
})

describe('of a private key', () => {
  const LINE = 'MIIEvQIBADANBgkqhkiG9w0BAQ+/EFAASCBKcwg='
  test('its Base64 is secret, and its frame is not', () => {
    redact.hideFromNowOn(`-----BEGIN PRIVATE KEY-----\n${LINE}\nshort1234567890\n-----END PRIVATE KEY-----\n`)
    expect(redact.withoutSecrets(`-----BEGIN PRIVATE KEY----- ${LINE}`)).toBe(
      '-----BEGIN PRIVATE KEY----- [hidden]',
    )
    expect(redact.withoutSecrets('short1234567890')).toBe('short1234567890')
  })

  test('a text with dashes and no Base64 hides nothing', () => {
    redact.hideFromNowOn('----- 1 2 3 4 5 -----')
    expect(redact.withoutSecrets('----- 1 2 3 4 5 -----')).toBe('----- 1 2 3 4 5 -----')
  })
})

describe('data of our own', () => {
  test('is without secrets in every text, name and list of it, and otherwise as it was', () => {
    redact.hideFromNowOn('0a1b2c3d4e')
    const data = {
      text: 'x 0a1b2c3d4e',
      '0a1b2c3d4e': [1, null, true, '0a1b2c3d4e', { deep: '0a1b2c3d4e' }],
      nothing: undefined,
      number: 5,
    }
    expect(redact.allWithoutSecrets(data)).toEqual({
      text: 'x [hidden]',
      '[hidden]': [1, null, true, '[hidden]', { deep: '[hidden]' }],
      nothing: undefined,
      number: 5,
    })
  })

  test('is as it was where no secret is known', () => {
    expect(redact.withoutSecrets('0a1b2c3d4e')).toBe('0a1b2c3d4e')
    expect(redact.allWithoutSecrets({ a: ['0a1b2c3d4e'] })).toEqual({ a: ['0a1b2c3d4e'] })
  })
})
