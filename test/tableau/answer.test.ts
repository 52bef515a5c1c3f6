import { describe, expect, it } from 'vitest'
import type { ErrorCode } from '../../lib/core/errors.ts'
import { openAnswer, parsePage, type Shape } from '../../lib/tableau/answer.ts'

const USERS: Shape = { list: 'users', item: 'user' }
const SITE: Shape = { list: null, item: 'site' }
const root = (inner: string) => `<tsResponse xmlns="http://tableau.com/api">${inner}</tsResponse>`
const users = (inner: string) => root(`<users>${inner}</users>`)

type Accepted = readonly [what: string, xml: string, shape: Shape, items: Record<string, unknown>[]]

const ACCEPTED: readonly Accepted[] = [
  ['an empty list', root('<users/>'), USERS, []],
  ['attributes', users('<user id="1" name="a"/>'), USERS, [{ '@id': '1', '@name': 'a' }]],
  [
    'a child',
    users('<user id="1"><domain name="local"/></user>'),
    USERS,
    [{ '@id': '1', domain: '', 'domain/@name': 'local' }],
  ],
  [
    'a repeated path, in document order',
    users('<user><tags><tag label="b"/><tag label="a"/></tags></user>'),
    USERS,
    [{ tags: '', 'tags/tag': ['', ''], 'tags/tag/@label': ['b', 'a'] }],
  ],
  ['an empty child', users('<user><tags/></user>'), USERS, [{ tags: '' }]],
  [
    'the text of a child',
    users('<user><note>one &amp; <![CDATA[<two>]]></note></user>'),
    USERS,
    [{ note: '', 'note/text()': 'one & <two>' }],
  ],
  [
    'layout between elements',
    users('\n  <user id="1">\n    <a/>\n  </user>\n'),
    USERS,
    [{ '@id': '1', a: '' }],
  ],
  [
    'comments and instructions',
    `<?go now?>${users('<!-- x --><user id="1"/><?stop?>')}<!-- y -->`,
    USERS,
    [{ '@id': '1' }],
  ],
  [
    'numeric references',
    users('<user a="x&#10;y&#9;z&#xD;" b="&#x1F600;&#128512;"/>'),
    USERS,
    [{ '@a': 'x\ny\tz\r', '@b': '😀😀' }],
  ],
  [
    'raw white space in an attribute, which XML makes spaces',
    users('<user a="x\ny\tz"/>'),
    USERS,
    [{ '@a': 'x y z' }],
  ],
  ['the five entities', users('<user a="&lt;&gt;&amp;&quot;&apos;"/>'), USERS, [{ '@a': '<>&"\'' }]],
  ['unicode as it is', users('<user a="Zoë 王 👩‍👩‍👧 é"/>'), USERS, [{ '@a': 'Zoë 王 👩‍👩‍👧 é' }]],
  ['spaces at the ends', users('<user a="  x "/>'), USERS, [{ '@a': '  x ' }]],
  [
    'dangerous names',
    users('<user __proto__="p" constructor="c"><__proto__ a="1"/></user>'),
    USERS,
    [JSON.parse('{"@__proto__":"p","@constructor":"c","__proto__":"","__proto__/@a":"1"}')],
  ],
  [
    'a prefix',
    '<t:tsResponse xmlns:t="http://tableau.com/api"><t:users><t:user id="1"><t:domain name="d"/></t:user></t:users></t:tsResponse>',
    USERS,
    [{ '@id': '1', domain: '', 'domain/@name': 'd' }],
  ],
  [
    'the old namespace',
    '<tsResponse xmlns="http://tableausoftware.com/api"><users><user id="1"/></users></tsResponse>',
    USERS,
    [{ '@id': '1' }],
  ],
  ['no namespace', '<tsResponse><users><user id="1"/></users></tsResponse>', USERS, [{ '@id': '1' }]],
  [
    'namespace and schema attributes on an item',
    users('<user id="1" xmlns:xsi="x" xsi:type="y" xmlns="z"/>'),
    USERS,
    [{ '@id': '1' }],
  ],
  ['a byte order mark', `\uFEFF${users('<user id="1"/>')}`, USERS, [{ '@id': '1' }]],
  [
    'a declaration',
    `<?xml version='1.0' encoding='utf-8'?>\n${users('<user id="1"/>')}\n`,
    USERS,
    [{ '@id': '1' }],
  ],
  [
    'warnings after the payload',
    root('<users><user id="1"/></users><warnings><warning errorCode="1" message="m"/></warnings>'),
    USERS,
    [{ '@id': '1' }],
  ],
  [
    'an unknown element beside the list',
    root('<news><user id="2"/></news><users><user id="1"/></users>'),
    USERS,
    [{ '@id': '1' }],
  ],
  [
    'a list whose items have its name',
    root('<flowRuns><flowRuns id="1"/></flowRuns>'),
    { list: 'flowRuns', item: 'flowRuns' },
    [{ '@id': '1' }],
  ],
  [
    'one item',
    root('<site id="1"><usage storage="2"/></site>'),
    SITE,
    [{ '@id': '1', usage: '', 'usage/@storage': '2' }],
  ],
  [
    'the text of the item itself',
    root('<site id="1">words</site>'),
    SITE,
    [{ '@id': '1', 'text()': 'words' }],
  ],
]

type Refused = readonly [what: string, xml: string | Uint8Array, shape: Shape, code: ErrorCode, why: RegExp]

const bad = 'malformed-response'
const big = 'response-too-large'
const REFUSED: readonly Refused[] = [
  ['nothing', '', USERS, bad, /root element/],
  ['white space', ' \n', USERS, bad, /root element/],
  ['plain text', 'Service unavailable', USERS, bad, /outside of root/],
  ['JSON', '{"users":{}}', USERS, bad, /outside of root/],
  ['HTML', '<html><body/></html>', USERS, 'not-tableau', /HTML/],
  ['another root', '<response><users/></response>', USERS, bad, /root is <response>/],
  ['the list as the root', '<users><user id="1"/></users>', USERS, bad, /root is <users>/],
  ['a second root', `${users('')}${users('')}`, USERS, bad, /only one root/],
  ['text after the root', `${users('')}x`, USERS, bad, /outside of root/],
  ['text before the root', `x${users('')}`, USERS, bad, /outside of root/],
  ['a DOCTYPE', `<!DOCTYPE tsResponse>${users('')}`, USERS, bad, /DOCTYPE/],
  [
    'an entity bomb',
    `<!DOCTYPE t [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>${users('<user a="&b;"/>')}`,
    USERS,
    bad,
    /DOCTYPE/,
  ],
  [
    'an external entity',
    `<!DOCTYPE t [<!ENTITY a SYSTEM "file:///etc/passwd">]>${users('')}`,
    USERS,
    bad,
    /DOCTYPE/,
  ],
  ['an undefined entity', users('<user a="&nbsp;"/>'), USERS, bad, /undefined entity/],
  ['a reference to NUL', users('<user a="&#0;"/>'), USERS, bad, /character entity/],
  ['a reference to half a character', users('<user a="&#xD83D;"/>'), USERS, bad, /character entity/],
  ['a control character', users('<user a="\u0001"/>'), USERS, bad, /disallowed/],
  [
    'a control character by a claim to be XML 1.1',
    `<?xml version="1.1"?>${users('<user a="&#1;"/>')}`,
    USERS,
    bad,
    /character entity/,
  ],
  ['a duplicate attribute', users('<user id="1" id="2"/>'), USERS, bad, /duplicate attribute/],
  ['an attribute without quotes', users('<user id=1/>'), USERS, bad, /unquoted/],
  ['tags that cross', root('<users><user></users></user>'), USERS, bad, /unexpected close/],
  ['a missing list', root(''), USERS, bad, /no <users>/],
  [
    'a missing list beside its pagination',
    root('<pagination pageNumber="1" pageSize="1" totalAvailable="0"/>'),
    USERS,
    bad,
    /no <users>/,
  ],
  ['another list', root('<groups/>'), USERS, bad, /no <users>/],
  ['a list deeper down', root('<x><users/></x>'), USERS, bad, /no <users>/],
  ['two lists', root('<users/><users/>'), USERS, bad, /two <users>/],
  ['a stranger in the list', users('<group id="1"/>'), USERS, bad, /<users> holds <group>/],
  ['text in the list', users('lost'), USERS, bad, /text between/],
  ['text in the root', root('lost<users/>'), USERS, bad, /text between/],
  ['no item', root(''), SITE, bad, /0 <site> elements/],
  ['two items', root('<site/><site/>'), SITE, bad, /2 <site> elements/],
  [
    'a total that is no number',
    root('<pagination pageNumber="1" pageSize="1" totalAvailable="many"/><users/>'),
    USERS,
    bad,
    /totalAvailable="many"/,
  ],
  ['no total', root('<pagination pageNumber="1" pageSize="1"/><users/>'), USERS, bad, /totalAvailable=""/],
  [
    'a page size of nothing',
    root('<pagination pageNumber="1" pageSize="0" totalAvailable="1"/><users/>'),
    USERS,
    bad,
    /pageSize="0"/,
  ],
  [
    'another declared encoding',
    `<?xml version="1.0" encoding="ISO-8859-1"?>${users('')}`,
    USERS,
    bad,
    /ISO-8859-1/,
  ],
  ['Latin 1', Buffer.from(users('<user a="é"/>'), 'latin1'), USERS, bad, /UTF-8/],
  ['UTF-16', Buffer.from(`\uFEFF${users('')}`, 'utf16le'), USERS, bad, /UTF-8/],
  [
    'half a character at the end',
    Buffer.concat([Buffer.from(users('')), Buffer.from([0xc3])]),
    USERS,
    bad,
    /UTF-8/,
  ],
  [
    'a surrogate in UTF-8',
    Buffer.concat([Buffer.from('<tsResponse><users a="'), Buffer.from([0xed, 0xa0, 0x80])]),
    USERS,
    bad,
    /UTF-8/,
  ],
  ['a depth of 20,000', '<tsResponse>'.repeat(20_000), USERS, bad, /deeper than 64/],
  ['a value of 10 MB', users(`<user a="${'x'.repeat(10_000_000)}"/>`), USERS, big, /longer than/],
  ['a text of 10 MB', users(`<user><a>${'x'.repeat(10_000_000)}</a></user>`), USERS, big, /longer than/],
  [
    'more elements than fit',
    users('<a/>'.repeat(500_001)).replaceAll('<a/>', '<user/>'),
    USERS,
    big,
    /elements/,
  ],
]

describe('parsePage', () => {
  it.each(ACCEPTED)('takes %s', (_, xml, shape, items) => {
    const { items: read } = parsePage(xml, shape)
    expect(read.map((item) => Object.entries(item))).toEqual(items.map((item) => Object.entries(item)))
    expect(read.every((item) => Object.getPrototypeOf(item) === Object.prototype)).toBe(true)
  })

  it.each(ACCEPTED)('takes %s byte by byte', (_, xml, shape, items) => {
    const reader = openAnswer(shape, 'here')
    for (const byte of new TextEncoder().encode(xml)) reader.write(Uint8Array.of(byte))
    expect(reader.end().items.map((item) => Object.entries(item))).toEqual(
      items.map((item) => Object.entries(item)),
    )
  })

  it.each(REFUSED)('refuses %s', (_, xml, shape, code, why) => {
    expect(() => parsePage(xml, shape)).toThrowError(
      expect.objectContaining({ code, message: expect.stringMatching(why) }),
    )
    expect(Object.hasOwn(Object.prototype, '@id')).toBe(false)
  })

  it('reads the pagination as numbers', () => {
    const xml = root('<pagination pageNumber="2" pageSize="100" totalAvailable="12345"/><users/>')
    expect(parsePage(xml, USERS).pagination).toEqual({ pageNumber: 2, pageSize: 100, totalAvailable: 12345 })
  })

  it('says that a recorded answer is an error of Tableau', () => {
    const xml = root('<error code="404012"><summary>Not Found</summary><detail>Group</detail></error>')
    expect(() => parsePage(xml, USERS)).toThrowError(
      expect.objectContaining({ code: 'tableau-error', tableauCode: '404012' }),
    )
  })

  it('leaves an attribute of 4 MB alone', () => {
    const long = 'x'.repeat(4_000_000)
    expect(parsePage(users(`<user a="${long}"/>`), USERS).items[0]?.['@a']).toBe(long)
  })
})

describe('a cut answer', () => {
  const page = root(
    `<pagination pageNumber="1" pageSize="1000" totalAvailable="3"/><users>${[1, 2, 3]
      .map(
        (id) =>
          `<user id="${id}" name="Zoë &amp; Ψ ${id}&#10;" x='"'><domain name="d"/><tags><tag label="é👍"/></tags><note>a &lt; b</note></user>`,
      )
      .join('\n')}</users><warnings><warning message="w"/></warnings>`,
  )
  const bytes = new TextEncoder().encode(`<?xml version="1.0" encoding="UTF-8"?>\n${page}`)

  it('is refused wherever it is cut', () => {
    const accepted: number[] = []
    for (let length = 0; length < bytes.length; length++) {
      try {
        parsePage(bytes.subarray(0, length), USERS)
        accepted.push(length)
      } catch (thrown) {
        expect(thrown).toMatchObject({ code: 'malformed-response' })
      }
    }
    expect(accepted).toEqual([])
    expect(parsePage(bytes, USERS).items).toHaveLength(3)
  })
})
