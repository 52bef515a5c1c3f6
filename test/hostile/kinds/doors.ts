import { SITE_ID, USER_ID } from '../../tableau/servers.ts'
import {
  HARMLESS,
  type Kind,
  kindsOn,
  type Line,
  MALFORMED,
  refused,
  type Spoil,
  status,
  text,
} from '../spoil.ts'

const TOO_OLD = refused('sign-in-refused')
const version = (spoken: string): Spoil => text((xml) => xml.replace('3.29', spoken))
const replaced = (what: string | RegExp, by: string): Spoil => text((xml) => xml.replace(what, by))
const at = (name: string) => ({ only: [name] })

const SERVER_INFO: readonly Line[] = [
  ...['', 'newest', '3', '3.', '.29', '-3.29', '3.29.1.2', '1e9', '３.２９', '3,29', 'NaN'].map(
    (spoken): Line => [`speaks version "${spoken}"`, version(spoken), MALFORMED, at('serverinfo')],
  ),
  ['speaks version 2.3', version('2.3'), TOO_OLD, at('serverinfo')],
  ['speaks version 0.0', version('0.0'), TOO_OLD, at('serverinfo')],
  ['speaks a version to come', version('99.1'), HARMLESS, at('serverinfo')],
  [
    'speaks two versions',
    replaced('<restApiVersion>', '<restApiVersion>1.0</restApiVersion><restApiVersion>'),
    refused('malformed-response', 'sign-in-refused'),
    at('serverinfo'),
  ],
  ['speaks no version', replaced(/<restApiVersion>.*<\/restApiVersion>/, ''), MALFORMED, at('serverinfo')],
]

const SIGN_IN: readonly Line[] = [
  ['gives no token', replaced(/ token="[^"]*"/, ''), MALFORMED, at('signin')],
  ['gives an empty token', replaced(/ token="[^"]*"/, ' token=""'), MALFORMED, at('signin')],
  [
    'gives a token with a line in it',
    replaced(/ token="/, ' token="a&#13;&#10;X-Evil: 1'),
    MALFORMED,
    at('signin'),
  ],
  ['gives a token that is no header', replaced(/ token="/, ' token="é'), MALFORMED, at('signin')],
  ['gives no site', replaced(/<site[^>]*>/, ''), MALFORMED, at('signin')],
  ['gives a site without an id', replaced(SITE_ID, ''), MALFORMED, at('signin')],
  ['gives a site whose id is a path', replaced(SITE_ID, '../../x'), MALFORMED, at('signin')],
  ['gives a site whose id is two', replaced(SITE_ID, 'a/users/b'), MALFORMED, at('signin')],
  ['gives a site whose id has a space', replaced(SITE_ID, 'a b'), MALFORMED, at('signin')],
  ['gives a site whose id has a query', replaced(SITE_ID, 'a?b'), MALFORMED, at('signin')],
  ['gives another site', replaced('contentUrl="demo"', 'contentUrl="other"'), MALFORMED, at('signin')],
  ['gives no user', replaced(/<user[^>]*>/, ''), MALFORMED, at('signin')],
  ['gives a user without an id', replaced(USER_ID, ''), MALFORMED, at('signin')],
  ['gives a user whose id is a path', replaced(USER_ID, '..'), MALFORMED, at('signin')],
  ['gives a user whose id has a space', replaced(USER_ID, 'a b'), MALFORMED, at('signin')],
  [
    'gives two credentials',
    replaced(/(<credentials[\s\S]*<\/credentials>)/, '$1$1'),
    MALFORMED,
    at('signin'),
  ],
  [
    'gives its credentials deeper down',
    replaced(/(<credentials[\s\S]*<\/credentials>)/, '<a>$1</a>'),
    MALFORMED,
    at('signin'),
  ],
]

const ME: readonly Line[] = [
  ['tells no site role', replaced(/ siteRole="[^"]*"/, ''), MALFORMED, at('me')],
  ['tells two site roles', replaced('<user ', '<user x:siteRole="Viewer" '), MALFORMED, at('me')],
  ['tells of another user', replaced(USER_ID, '00000009-1111-4222-8333-000000000009'), MALFORMED, at('me')],
  ['tells of two users', replaced(/(<user[^>]*>)/, '$1$1'), MALFORMED, at('me')],
]

const TOKENS: readonly Line[] = [
  [
    'tells a day that is none',
    replaced(/expiresAt="2027-02[^"]*"/, 'expiresAt="soon"'),
    HARMLESS,
    at('tokens'),
  ],
  ['tells no day', replaced(/ expiresAt="2027-02[^"]*"/, ''), HARMLESS, at('tokens')],
  ['tells of no token of ours', replaced('tokenName="nightly"', 'tokenName="x"'), HARMLESS, at('tokens')],
  ['answers nothing where a list of tokens belongs', status(204), MALFORMED, at('tokens')],
  [
    'tells of tokens in pages',
    replaced(
      '<personalAccessTokens>',
      '<pagination pageNumber="1" pageSize="2" totalAvailable="9"/><personalAccessTokens>',
    ),
    refused('incomplete'),
    at('tokens'),
  ],
]

/** What the doors of a site say wrongly of versions, sessions, users and tokens. */
export const DOOR_KINDS: readonly Kind[] = kindsOn(['door'], [...SERVER_INFO, ...SIGN_IN, ...ME, ...TOKENS])
