import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { authorityFacts } from '../../lib/network/authorities.ts'
import { openWay, type WayOptions } from '../../lib/network/open-way.ts'
import { type Authority, makeAuthority } from '../tls/certificates.ts'

let corp: Authority
let folder: string
let caFile: string
let extraFile: string
beforeAll(async () => {
  corp = await makeAuthority()
  folder = await mkdtemp(join(tmpdir(), 'almanac-way-'))
  caFile = join(folder, 'ca.pem')
  extraFile = join(folder, 'extra.pem')
  await Promise.all([writeFile(caFile, corp.root.pem), writeFile(extraFile, corp.issuing.pem)])
})
afterAll(() => rm(folder, { recursive: true }))

const way = (options: Partial<WayOptions>) =>
  openWay({ url: 'https://tableau.corp', proxy: undefined, caFile: undefined, env: {}, ...options })

const ENV = { HTTPS_PROXY: 'http://svc:pw@from-environment:3128' }
const CONFIGURED = { url: 'http://from-configuration:3128' }

describe('openWay', () => {
  it('is direct without anything', async () => {
    expect(await way({})).toEqual({ proxy: undefined, authorities: [] })
  })

  it.each<readonly [string, Partial<WayOptions>, string | undefined]>([
    ['the environment', { env: ENV }, 'http://from-environment:3128'],
    ['the configuration before the environment', { env: ENV, proxy: CONFIGURED }, CONFIGURED.url],
    [
      'the configuration whatever NO_PROXY says',
      { env: { NO_PROXY: '*' }, proxy: CONFIGURED },
      CONFIGURED.url,
    ],
    ['"direct" whatever the environment says', { env: ENV, proxy: 'direct' }, undefined],
    ['NO_PROXY', { env: { ...ENV, NO_PROXY: '.corp' } }, undefined],
  ])('takes the proxy from %s', async (_, options, url) => {
    expect((await way(options)).proxy?.url).toBe(url)
  })

  it('trusts the CA file', async () => {
    const { authorities } = await way({ caFile })
    expect(authorityFacts(authorities).map(({ subject }) => subject)).toEqual(['Corp Root CA'])
  })

  it('keeps what Node would forget beside a CA file', async () => {
    const { authorities } = await way({ caFile, env: { NODE_EXTRA_CA_CERTS: extraFile } })
    expect(authorityFacts(authorities).map(({ subject }) => subject)).toEqual([
      'Corp Root CA',
      'Corp Issuing CA 2',
    ])
  })

  it('leaves NODE_EXTRA_CA_CERTS to Node otherwise', async () => {
    expect(await way({ env: { NODE_EXTRA_CA_CERTS: '/nowhere' } })).toMatchObject({ authorities: [] })
  })

  it.each<readonly [string, () => Partial<WayOptions>, RegExp]>([
    [
      'a file that is not there',
      () => ({ caFile: join(folder, 'no.pem') }),
      /no\.pem \(the CA file\): there is no such file$/,
    ],
    ['a folder', () => ({ caFile: folder }), /\(the CA file\): it is a folder$/],
    [
      'a file that Node was told of',
      () => ({ caFile, env: { NODE_EXTRA_CA_CERTS: join(folder, 'no.pem') } }),
      /no\.pem \(NODE_EXTRA_CA_CERTS\): there is no such file$/,
    ],
    ['a variable', () => ({ env: { HTTPS_PROXY: 'socks5://x:y@z' } }), /^HTTPS_PROXY names a socks5 proxy/],
  ])('names %s that is wrong', async (_, options, says) => {
    await expect(way(options())).rejects.toMatchObject({
      code: 'bad-configuration',
      message: expect.stringMatching(says),
    })
  })
})
