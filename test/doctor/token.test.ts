import { expect, test } from 'vitest'
import type { SignInConfiguration } from '../../lib/config/configuration.ts'
import { ok, type Step, skippedFor } from '../../lib/doctor/check.ts'
import { signInWords } from '../../lib/doctor/setup.ts'
import { token } from '../../lib/doctor/token.ts'
import { clock } from '../../lib/doctor/user.ts'
import type { Client } from '../../lib/tableau/client.ts'
import { siteAt } from './site.ts'

const NOW = Date.parse('2026-11-01T12:00:00Z')
const DAY = 86_400_000
const secret = { env: 'SECRET' }
const pat: SignInConfiguration = { kind: 'pat', name: 'almanac', secret }
const app: SignInConfiguration = { kind: 'connected-app', clientId: 'c', secretId: 's', secret, user: 'u' }

const telling = (expiresAt: number | null): Step<Client> =>
  ok('sign-in', '', { tokenExpiresAt: async () => expiresAt } as Client)
const NOT_SIGNED_IN = skippedFor('sign-in', 'tcp')

test.each<[string, SignInConfiguration, Step<Client>, string, RegExp]>([
  ['31 days, told', pat, telling(NOW + 31 * DAY), 'ok', /in 31 days, on 2026-12-02, as Tableau says/],
  ['30 days, told', pat, telling(NOW + 30 * DAY), 'warn', /in 30 days/],
  ['an hour, told', pat, telling(NOW + 3_600_000), 'warn', /expires today, on 2026-11-01/],
  [
    'what Tableau tells comes first',
    { ...pat, expires: '2027-11-01' },
    telling(NOW - 1),
    'fail',
    /as Tableau says/,
  ],
  ['its last day, configured', { ...pat, expires: '2026-11-01' }, telling(null), 'warn', /expires today/],
  [
    'the day after, configured, and yet signed in',
    { ...pat, expires: '2026-10-31' },
    telling(null),
    'warn',
    /^the configured date, 2026-10-31, has passed and the token still works$/,
  ],
  [
    'expired, and so no sign-in',
    { ...pat, expires: '2026-10-01' },
    NOT_SIGNED_IN,
    'fail',
    /the configuration says/,
  ],
  ['nobody tells', pat, telling(null), 'ok', /write the day as "expires"/],
  ['no sign-in, and nobody tells', pat, NOT_SIGNED_IN, 'skipped', /it needs "tcp"/],
  ['minted tokens', app, telling(null), 'skipped', /made anew for each sign-in/],
  ['a password', { kind: 'password', user: 'u', password: secret }, telling(null), 'skipped', /no date/],
])('%s', async (_what, signIn, signedIn, verdict, says) => {
  const site = siteAt('https://tableau.example.com', '', { signIn })
  const { check } = await token(site, signedIn, NOW)
  expect(check).toMatchObject({ name: 'token', verdict, says: expect.stringMatching(says) })
})

test.each<[number | undefined, string, RegExp]>([
  [undefined, 'ok', /does not tell/],
  [-40_000, 'ok', /^40 seconds from/],
  [120_000, 'ok', /^2 minutes from/],
  [121_000, 'warn', /2 minutes ahead of/],
  [-3 * 3_600_000, 'warn', /3 hours behind/],
  [3 * DAY, 'warn', /3 days ahead of/],
])('a clock that is off by %s ms', (clockSkewMs, verdict, says) => {
  expect(clock({ clockSkewMs }).check).toMatchObject({ verdict, says: expect.stringMatching(says) })
})

test.each<[SignInConfiguration, string]>([
  [pat, 'personal access token "almanac"'],
  [app, 'connected app "c" for "u"'],
  [
    {
      kind: 'uat',
      issuer: 'https://idp',
      keyId: 'k',
      privateKey: secret,
      user: 'u',
      userClaim: 'email',
      tenantId: 't',
    },
    'unified access token of "https://idp" for "u"',
  ],
  [{ kind: 'password', user: 'u', password: secret }, 'user name and password "u"'],
])('who signs in, and for whom: %o', (signIn, words) => {
  expect(signInWords(signIn)).toBe(words)
})
