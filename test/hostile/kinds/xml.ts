import {
  body,
  either,
  HARMLESS,
  KEPT,
  type Kind,
  kindsOn,
  type Line,
  MALFORMED,
  READ,
  refused,
  type Spoil,
  text,
} from '../spoil.ts'

const NOT_TABLEAU = refused('not-tableau')
const TOO_LARGE = refused('response-too-large', 'malformed-response')
const root = (xml: string): string => xml.slice(xml.indexOf('<tsResponse'))
const inRoot = (xml: string, more: string): string => xml.replace('</tsResponse>', `${more}</tsResponse>`)
const afterDeclaration = (prolog: string): Spoil => text((xml) => xml.replace('?>', `?>${prolog}`))
const cutAt = (share: number): Spoil => text((xml) => xml.slice(0, Math.floor(xml.length * share)))

/** Changes the first tag of an item. */
const firstItem = (change: (tag: string) => string): Spoil =>
  text((xml, { endpoint }) => xml.replace(new RegExp(`<${endpoint.item}\\b[^>]*?(?=/?>)`), change))

/** Puts something into every item. */
const intoItems = (attributes: string, inner: string): Spoil =>
  text((xml, { endpoint: { item } }) =>
    xml.replace(new RegExp(`<${item}\\b([^>]*?)(/?)>`, 'g'), (_, rest: string, end: string) =>
      end === ''
        ? `<${item}${rest}${attributes}>${inner}`
        : `<${item}${rest}${attributes}>${inner}</${item}>`,
    ),
  )

const BOMB = `<!DOCTYPE lolz [<!ENTITY a "ha">${'bcdefghijk'
  .split('')
  .map((name, index) => `<!ENTITY ${name} "${`&${'abcdefghij'[index]};`.repeat(10)}">`)
  .join('')}]>`

const CUT: readonly Line[] = [
  ['is nothing but its first byte', text((xml) => xml.slice(0, 1)), MALFORMED],
  ['is cut in its first tenth', cutAt(0.1), MALFORMED],
  ['is cut in half', cutAt(0.5), MALFORMED],
  ['is cut near its end', cutAt(0.9), MALFORMED],
  ['lacks its last byte', text((xml) => xml.trimEnd().slice(0, -1)), MALFORMED],
  ['lacks its last tag', text((xml) => xml.replace('</tsResponse>', '')), MALFORMED],
  ['lacks its first byte', text((xml) => xml.slice(1)), MALFORMED],
  ['lacks its root’s first tag', text((xml) => xml.replace(/<tsResponse[^>]*>/, '')), MALFORMED],
]

const ANOTHER: readonly Line[] = [
  ['is empty', body(''), MALFORMED],
  ['is white space', body(' \r\n\t\n '), MALFORMED],
  ['is plain text', body('upstream connect error or disconnect/reset before headers'), MALFORMED],
  ['is JSON', body('{"tsResponse":{"pagination":{"totalAvailable":"0"},"users":{}}}'), MALFORMED],
  ['is HTML', body('<html><body>Please sign in</body></html>'), NOT_TABLEAU],
  ['is HTML in capitals', body('<HTML><BODY></BODY></HTML>'), NOT_TABLEAU],
  ['is HTML after a DOCTYPE', body('<!DOCTYPE html><html><body/></html>'), MALFORMED],
  [
    'is HTML that leads elsewhere',
    (good) => ({
      body: `<html><head><meta http-equiv="refresh" content="0;url=${good.other}/"/></head></html>`,
    }),
    NOT_TABLEAU,
  ],
  ['is a SOAP fault', body('<s:Envelope xmlns:s="x"><s:Body><s:Fault/></s:Body></s:Envelope>'), MALFORMED],
  ['is a feed', body('<rss version="2.0"><channel/></rss>'), MALFORMED],
  ['is a declaration alone', body('<?xml version="1.0" encoding="UTF-8"?>'), MALFORMED],
  ['is a comment alone', body('<!-- nothing to see -->'), MALFORMED],
  ['has another root', text((xml) => xml.replaceAll('tsResponse', 'tsRequest')), MALFORMED],
  ['has its root in another case', text((xml) => xml.replaceAll('tsResponse', 'TSResponse')), MALFORMED],
  ['has an empty root', body('<tsResponse xmlns="http://tableau.com/api"/>'), MALFORMED],
  ['has two roots', text((xml) => xml + root(xml)), MALFORMED],
  ['has a root around its root', text((xml) => `<tsResponse>${root(xml)}</tsResponse>`), MALFORMED],
  ['has text after its root', text((xml) => `${xml}OK`), MALFORMED],
  ['has text before its root', text((xml) => `OK${root(xml)}`), MALFORMED],
  ['has a byte of zero after its root', text((xml) => `${xml}\0`), MALFORMED],
  ['has a second declaration', text((xml) => `${xml}<?xml version="1.0"?>`), MALFORMED],
  ['has text between its elements', text((xml) => inRoot(xml, 'lost')), MALFORMED],
  ['has no namespace', text((xml) => xml.replace(' xmlns="http://tableau.com/api"', '')), HARMLESS],
  [
    'has another namespace',
    text((xml) => xml.replace('tableau.com/api', 'evil.example')),
    either('malformed-response'),
  ],
]

const PROLOG: readonly Line[] = [
  ['has a DOCTYPE', afterDeclaration('<!DOCTYPE tsResponse>'), MALFORMED],
  ['has a DOCTYPE in lower case', afterDeclaration('<!doctype tsResponse>'), MALFORMED],
  [
    'has a DOCTYPE from elsewhere',
    (good) => ({ body: good.xml.replace('?>', `?><!DOCTYPE t SYSTEM "${good.other}/x.dtd">`) }),
    MALFORMED,
  ],
  ['has an entity bomb', text((xml) => inRoot(xml.replace('?>', `?>${BOMB}`), '<x a="&k;"/>')), MALFORMED],
  [
    'has an entity from a file',
    afterDeclaration('<!DOCTYPE t [<!ENTITY f SYSTEM "file:///etc/passwd">]>'),
    MALFORMED,
  ],
  [
    'has an entity from elsewhere',
    (good) => ({
      body: good.xml.replace('?>', `?><!DOCTYPE t [<!ENTITY % f SYSTEM "${good.other}/x">%f;]>`),
    }),
    MALFORMED,
  ],
  ['has a DOCTYPE after its root', text((xml) => `${xml}<!DOCTYPE t>`), MALFORMED],
  ['has a DOCTYPE in its root', text((xml) => inRoot(xml, '<!DOCTYPE t>')), MALFORMED],
  ['claims to be XML 1.1', text((xml) => xml.replace('1.0', '1.1')), HARMLESS],
  ['claims to be XML 2.0', text((xml) => xml.replace('1.0', '2.0')), either('malformed-response')],
  ['is declared standalone', text((xml) => xml.replace('?>', ' standalone="yes"?>')), HARMLESS],
  ['has instructions', text((xml) => `<?go now?>${root(xml)}<?stop <users/>?>`), HARMLESS],
  ['has no declaration', text(root), HARMLESS],
]

const MARKUP: readonly Line[] = [
  ['has a duplicate attribute', firstItem((tag) => `${tag} zz="1" zz="2"`), MALFORMED],
  ['has an attribute without quotes', firstItem((tag) => `${tag} zz=1`), MALFORMED],
  ['has an attribute without a value', firstItem((tag) => `${tag} zz`), MALFORMED],
  ['has an attribute that does not end', firstItem((tag) => `${tag} zz="`), MALFORMED],
  ['has a tag in an attribute', firstItem((tag) => `${tag} zz="<b>"`), MALFORMED],
  ['has an entity that nobody knows', firstItem((tag) => `${tag} zz="&nbsp;"`), MALFORMED],
  ['has half an entity', firstItem((tag) => `${tag} zz="&amp"`), MALFORMED],
  ['has a bare ampersand', firstItem((tag) => `${tag} zz="R&D"`), MALFORMED],
  ['has a reference to zero', firstItem((tag) => `${tag} zz="&#0;"`), MALFORMED],
  ['has a reference to half a character', firstItem((tag) => `${tag} zz="&#xD800;"`), MALFORMED],
  ['has a reference beyond Unicode', firstItem((tag) => `${tag} zz="&#x110000;"`), MALFORMED],
  ['has a reference to no number', firstItem((tag) => `${tag} zz="&#xZZ;"`), MALFORMED],
  ['has a reference to a control character', firstItem((tag) => `${tag} zz="&#1;"`), MALFORMED],
  ['has tags that cross', text((xml) => inRoot(xml, '<a><b></a></b>')), MALFORMED],
  ['has an end tag too many', text((xml) => inRoot(xml, '</a>')), MALFORMED],
  ['has a tag that does not end', text((xml) => inRoot(xml, '<a')), MALFORMED],
  ['has a tag without a name', text((xml) => inRoot(xml, '< a/>')), MALFORMED],
  ['has a name that begins with a digit', text((xml) => inRoot(xml, '<1a/>')), MALFORMED],
  ['has a comment that does not end', text((xml) => inRoot(xml, '<!-- ')), MALFORMED],
  ['has CDATA that does not end', text((xml) => inRoot(xml, '<a><![CDATA[</a>')), MALFORMED],
  ['has CDATA between its elements', text((xml) => inRoot(xml, '<![CDATA[lost]]>')), MALFORMED],
  ['has an instruction that does not end', text((xml) => inRoot(xml, '<?go')), MALFORMED],
]

const EQUAL: readonly Line[] = [
  [
    'writes every letter of its values as a number',
    text((xml) =>
      xml.replace(/(?<=<tsResponse[\s\S]*)="([^"]*)"/g, (whole, value: string) =>
        /[&:]/.test(value)
          ? whole
          : `="${[...value].map((letter) => `&#${letter.codePointAt(0)};`).join('')}"`,
      ),
    ),
    HARMLESS,
  ],
  [
    'writes values as hexadecimal numbers',
    text((xml) =>
      xml.replace(/ id="(\w)/g, (_, letter: string) => ` id="&#x${letter.charCodeAt(0).toString(16)};`),
    ),
    HARMLESS,
  ],
  ['quotes its values with apostrophes', text((xml) => xml.replace(/="([^"']*)"/g, "='$1'")), HARMLESS],
  ['has spaces around its equals signs', text((xml) => xml.replaceAll('="', ' = "')), HARMLESS],
  ['ends its lines as Windows does', text((xml) => xml.replaceAll('\n', '\r\n')), HARMLESS],
  [
    'has comments everywhere',
    text((xml) => root(xml).replaceAll('>\n', '><!-- <users><user id="u"/> -->\n')),
    HARMLESS,
  ],
  ['has empty CDATA', text((xml) => inRoot(xml, '<![CDATA[]]>')), HARMLESS],
  [
    'has CDATA in an element that nobody knows',
    text((xml) => inRoot(xml, '<a><![CDATA[<users/>]]></a>')),
    HARMLESS,
  ],
  ['is on one line', text((xml) => xml.replace(/>\s+</g, '><')), HARMLESS],
  [
    'writes out its empty elements',
    text((xml) => xml.replace(/<(\w+)([^<>]*)\/>/g, '<$1$2></$1>')),
    HARMLESS,
  ],
  [
    'has a prefix everywhere',
    text((xml) => xml.replace(/<(\/?)(\w)/g, '<$1t:$2').replace('xmlns=', 'xmlns:t=')),
    HARMLESS,
  ],
  [
    'has warnings',
    text((xml) => inRoot(xml, '<warnings><warning errorCode="1" message="m"/></warnings>')),
    HARMLESS,
  ],
  [
    'has a thousand warnings',
    text((xml) => inRoot(xml, `<warnings>${'<warning message="m"/>'.repeat(1000)}</warnings>`)),
    HARMLESS,
  ],
  [
    'has elements that nobody knows',
    text((xml) => inRoot(xml, '<news><a id="1">words</a></news>')),
    HARMLESS,
  ],
  [
    'has a list deeper down',
    text((xml) => inRoot(xml, '<old><users><user id="u"/></users></old>')),
    HARMLESS,
  ],
]

const STRANGE: readonly Line[] = [
  ['has an attribute that nobody knows', intoItems(' flavour="sweet"', ''), KEPT],
  ['has an element that nobody knows', intoItems('', '<flavour a="sweet">sour</flavour>'), KEPT],
  ['has the attribute __proto__', intoItems(' __proto__="polluted"', ''), KEPT],
  ['has the attribute constructor', intoItems(' constructor="polluted" prototype="p"', ''), KEPT],
  [
    'has the attributes of every object',
    intoItems(' toString="a" valueOf="b" hasOwnProperty="c" length="d"', ''),
    KEPT,
  ],
  [
    'has the element __proto__',
    intoItems('', '<__proto__ polluted="1"><polluted>1</polluted></__proto__>'),
    KEPT,
  ],
  [
    'has the element constructor',
    intoItems('', '<constructor><prototype polluted="1"/></constructor>'),
    KEPT,
  ],
  [
    'has the elements of every object',
    intoItems('', '<toString/><hasOwnProperty a="1"/><valueOf>x</valueOf>'),
    KEPT,
  ],
  [
    'has an item in an item',
    text((xml, { endpoint: { item } }) =>
      xml.replace(
        new RegExp(`<${item}\\b([^>]*?)(/?)>`),
        (_, rest: string, end: string) =>
          `<${item}${rest}><within><${item} id="inner"/></within>${end === '' ? '' : `</${item}>`}`,
      ),
    ),
    KEPT,
  ],
]

/** Heavy ones: an endpoint each is enough, since all answers go through one parser. */
const only = ['users', 'site', 'signin']
const HEAVY: readonly Line[] = [
  ['nests 20,000 levels', text((xml) => inRoot(xml, '<a>'.repeat(20_000))), MALFORMED, { only }],
  [
    'nests and closes 20,000 levels',
    text((xml) => inRoot(xml, `${'<a>'.repeat(20_000)}${'</a>'.repeat(20_000)}`)),
    MALFORMED,
    { only },
  ],
  ['nests 20,000 levels in an item', intoItems('', '<a>'.repeat(20_000)), MALFORMED, { only }],
  [
    'has an attribute of 10 MB',
    intoItems(` zz="${'x'.repeat(10_000_000)}"`, ''),
    TOO_LARGE,
    { only: ['users'] },
  ],
  [
    'has a text of 10 MB',
    text((xml) => inRoot(xml, `<a>${'x'.repeat(10_000_000)}</a>`)),
    TOO_LARGE,
    { only: ['users'] },
  ],
  [
    'has a comment of 10 MB',
    text((xml) => inRoot(xml, `<!--${'x'.repeat(10_000_000)}-->`)),
    TOO_LARGE,
    { only: ['users'] },
  ],
  [
    'has a name of 10 MB',
    text((xml) => inRoot(xml, `<${'x'.repeat(10_000_000)}/>`)),
    TOO_LARGE,
    { only: ['users'] },
  ],
  [
    'has 100,000 attributes in a tag',
    text((xml) => inRoot(xml, `<a ${Array.from({ length: 100_000 }, (_, at) => `a${at}=""`).join(' ')}/>`)),
    TOO_LARGE,
    { only },
  ],
  [
    'has a new attribute in each of 5,000 items',
    text((xml, { endpoint: { item } }) =>
      xml.replace(
        `<${item} `,
        `${Array.from({ length: 5_000 }, (_, at) => `<${item} id="x${at}" a${at}="1"/>`).join('')}<${item} `,
      ),
    ),
    TOO_LARGE,
    { only: ['users'] },
  ],
]

/** What XML itself allows to be wrong, odd or hostile. */
export const XML_KINDS: readonly Kind[] = [
  ...kindsOn(READ, [...CUT, ...ANOTHER, ...PROLOG, ...EQUAL, ...HEAVY]),
  ...kindsOn(READ, MARKUP),
  // What a door says of itself is not kept, so that strangers in it do no harm.
  ...kindsOn(['list', 'single'], STRANGE),
]
