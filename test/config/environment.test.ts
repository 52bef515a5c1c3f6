import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { atAddress, siteFrom, slugOf } from '../../lib/config/environment.ts'

const SECRET = 'canary-of-a-secret=='
const whole = {
  TABLEAU_SERVER_URL: 'https://tableau.example.com',
  TABLEAU_SITE_ID: 'Sales',
  TABLEAU_PAT_NAME: 'almanac',
  TABLEAU_PAT_SECRET: SECRET,
}

describe('the site in the environment', () => {
  test.each([
    ['nothing at all', {}],
    [
      'all set to nothing',
      { TABLEAU_SERVER_URL: '', TABLEAU_SITE_ID: '', TABLEAU_PAT_NAME: ' ', TABLEAU_PAT_SECRET: '' },
    ],
  ])('is none with %s', (_, env) => {
    expect(siteFrom(env)).toBeUndefined()
  })

  test('is read from the four variables', () => {
    const site = siteFrom({ ...whole, TABLEAU_PAT_SECRET: ` ${SECRET}\n` })
    expect(site).toMatchObject({
      serverUrl: 'https://tableau.example.com',
      contentUrl: 'Sales',
      patName: 'almanac',
    })
    expect(site?.patSecret).toBe(SECRET)
  })

  test('is the default site without a site id', () => {
    const { TABLEAU_SITE_ID: _, ...env } = whole
    expect(siteFrom(env)?.contentUrl).toBe('')
  })

  test.each([
    ['TABLEAU_SERVER_URL', 'TABLEAU_SERVER_URL is not set'],
    ['TABLEAU_PAT_NAME', 'TABLEAU_PAT_NAME is not set'],
    ['TABLEAU_PAT_SECRET', 'TABLEAU_PAT_SECRET is not set'],
  ])('names %s when it alone is missing', (name, message) => {
    const half = { ...whole, [name]: undefined }
    expect(() => siteFrom(half)).toThrow(expect.objectContaining({ code: 'bad-configuration', exit: 2 }))
    expect(() => siteFrom(half)).toThrow(message)
    expect(() => siteFrom(half)).not.toThrow(SECRET)
  })

  test('names all that is missing when only the site id is set', () => {
    expect(() => siteFrom({ TABLEAU_SITE_ID: 'Sales' })).toThrow(
      'TABLEAU_SERVER_URL, TABLEAU_PAT_NAME, TABLEAU_PAT_SECRET are not set',
    )
  })

  test('shows its secret to nobody who prints, inspects or copies it', () => {
    const site = siteFrom(whole)
    const moved = site === undefined ? undefined : atAddress(site, 'https://other.example.com')
    expect(moved?.patSecret).toBe(SECRET)
    for (const each of [site, moved]) {
      for (const text of [
        inspect(each),
        inspect(each, { depth: 9 }),
        JSON.stringify(each),
        JSON.stringify({ ...each }),
      ])
        expect(text).not.toContain(SECRET)
    }
  })
})

test.each([
  ['', 'default'],
  ['Sales', 'sales'],
  ['Sales EMEA_2', 'sales-emea-2'],
  ['--Ünïcode--', 'n-code'],
  ['x'.repeat(80), 'x'.repeat(63)],
])('the slug of "%s" is %s', (contentUrl, slug) => {
  expect(slugOf(contentUrl)).toBe(slug)
})

test('a content URL that leaves nothing for a slug asks for one', () => {
  expect(() => slugOf('日本')).toThrow(expect.objectContaining({ code: 'bad-configuration' }))
})
