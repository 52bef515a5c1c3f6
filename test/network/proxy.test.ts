import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { AlmanacError } from '../../lib/core/errors.ts'
import { type Environment, parseProxy, proxyFromEnvironment } from '../../lib/network/proxy.ts'

const PROXY = 'http://proxy.example:3128'
const chosen = (url: string, env: Environment) => proxyFromEnvironment(new URL(url), env)?.url

const EXEMPT: readonly (readonly [url: string, noProxy: string, exempt: boolean])[] = [
  ['https://tableau.corp.example', '', false],
  ['https://tableau.corp.example', '*', true],
  ['https://tableau.corp.example', 'a.example *', true],
  ['https://tableau.corp.example', 'tableau.corp.example', true],
  ['https://tableau.corp.example', 'TABLEAU.Corp.Example', true],
  ['https://tableau.corp.example.', 'tableau.corp.example', true],
  ['https://tableau.corp.example', 'tableau.corp.example.', true],
  ['https://tableau.corp.example', 'corp.example', true],
  ['https://tableau.corp.example', '.corp.example', true],
  ['https://corp.example', '.corp.example', true],
  ['https://tableau.corp.example', '*.corp.example', true],
  ['https://tableau.corp.example', 'orp.example', false],
  ['https://tableau.corp.example', 'corp.example.org', false],
  ['https://tableau.corp.example', 'a.tableau.corp.example', false],
  ['https://tableau.corp.example', 'localhost, .corp.example ,b', true],
  ['https://tableau.corp.example', 'localhost\tcorp.example', true],
  ['https://tableau.corp.example', ',, ,.', false],
  ['https://tableau.corp.example', 'corp.example:443', true],
  ['https://tableau.corp.example', 'corp.example:8443', false],
  ['https://tableau.corp.example:8443', 'corp.example:8443', true],
  ['https://tableau.corp.example:8443', '*.corp.example:443', false],
  ['https://10.1.2.3', '10.1.2.3', true],
  ['https://10.1.2.3:8443', '10.1.2.3:8443', true],
  ['https://10.1.2.3', '10.1.2.3:8443', false],
  ['https://10.1.2.3', '10.0.0.0/8', true],
  ['https://10.1.2.3', '10.1.2.3/32', true],
  ['https://11.1.2.3', '10.0.0.0/8', false],
  ['https://10.1.2.3', '0.0.0.0/0', true],
  ['https://10.1.2.3', '10.0.0.0/33', false],
  ['https://10.1.2.3', '10.0.0.0/x', false],
  ['https://10.1.2.3', '10.0.0.0/', false],
  ['https://10.1.2.3', '2.3', false],
  ['https://tableau.corp.example', '10.0.0.0/8', false],
  ['https://[::1]', '::1', true],
  ['https://[::1]', '[::1]', true],
  ['https://[::1]:8443', '[::1]:8443', true],
  ['https://[::1]', '[::1]:8443', false],
  ['https://[fd00::17]', 'FD00::/8', true],
  ['https://[fd00:0:0::17]', 'fd00::0:17', true],
  ['https://[fe00::17]', 'fd00::/8', false],
  ['https://[fd00::17]', '10.0.0.0/8', false],
  ['https://127.0.0.1', '', false],
  ['https://localhost:8443', 'localhost', true],
]

describe('proxyFromEnvironment', () => {
  it.each(EXEMPT)('%s with NO_PROXY="%s": exempt %s', (url, noProxy, exempt) => {
    expect(chosen(url, { HTTPS_PROXY: PROXY, NO_PROXY: noProxy })).toBe(exempt ? undefined : PROXY)
  })

  it.each<readonly [string, Environment, string | undefined]>([
    ['no variable', {}, undefined],
    ['an empty one', { HTTPS_PROXY: ' ' }, undefined],
    ['in lower case', { https_proxy: PROXY }, PROXY],
    ['both, the lower case first', { https_proxy: 'http://a', HTTPS_PROXY: 'http://b' }, 'http://a'],
    ['an empty lower-case one beside one that is set', { https_proxy: '', HTTPS_PROXY: PROXY }, PROXY],
    ['no_proxy in lower case', { HTTPS_PROXY: PROXY, no_proxy: 'corp.example' }, undefined],
    ['the proxy for http alone', { HTTP_PROXY: PROXY, http_proxy: PROXY, ALL_PROXY: PROXY }, undefined],
  ])('%s', (_, env, url) => {
    expect(chosen('https://tableau.corp.example', env)).toBe(url)
  })

  it('is not for plain http, whatever the variable holds', () => {
    expect(chosen('http://127.0.0.1:8000', { HTTPS_PROXY: 'socks5://x' })).toBeUndefined()
  })

  it('names the variable that is wrong', () => {
    expect(() => chosen('https://a.example', { https_proxy: 'http://' })).toThrow(/^https_proxy /)
  })
})

describe('parseProxy', () => {
  it.each([
    ['http://proxy.example:3128', 'http://proxy.example:3128'],
    ['https://proxy.example/', 'https://proxy.example'],
    ['proxy.example:3128', 'http://proxy.example:3128'],
    ['HTTP://Proxy.Example', 'http://proxy.example'],
    ['http://[::1]:3128', 'http://[::1]:3128'],
  ])('%s', (text, url) => {
    expect(parseProxy(` ${text} `, 'HTTPS_PROXY')).toEqual({ url })
  })

  it('takes user and password out of the address, decoded', () => {
    const proxy = parseProxy('http://corp%5Csvc:p%40ss%3A%25@proxy.example:3128', 'HTTPS_PROXY')
    expect([proxy.url, proxy.user, proxy.password?.reveal()]).toEqual([
      'http://proxy.example:3128',
      'corp\\svc',
      'p@ss:%',
    ])
    for (const shown of [JSON.stringify(proxy), inspect(proxy)]) expect(shown).not.toContain('p@ss')
  })

  it('knows an empty password', () => {
    const { user, password } = parseProxy('http://svc@proxy.example', 'HTTPS_PROXY')
    expect([user, password?.reveal()]).toEqual(['svc', ''])
  })

  it.each([
    ['socks5://svc:canary@proxy.example:1080', /names a socks5 proxy/],
    ['ftp://svc:canary@proxy.example', /names a ftp proxy/],
    ['http://svc:canary@', /is no address of a proxy/],
    ['http://svc:canary@proxy.example:99999', /is no address of a proxy/],
    ['http://svc:canary%@proxy.example', /holds a % that encodes nothing/],
    ['http://s%3Av:canary@proxy.example', /user name with a colon/],
    ['http://svc:canary@proxy.example/path', /more than scheme/],
    ['http://svc:canary@proxy.example?x=1', /more than scheme/],
  ])('refuses %s without repeating it', (text, message) => {
    try {
      parseProxy(text, 'HTTPS_PROXY')
      expect.unreachable('it was taken')
    } catch (thrown) {
      if (!(thrown instanceof AlmanacError)) throw thrown
      expect(thrown).toMatchObject({ code: 'bad-configuration', message: expect.stringMatching(message) })
      expect(thrown.message).toMatch(/^HTTPS_PROXY /)
      expect([thrown.message, thrown.stack, inspect(thrown), JSON.stringify(thrown)].join()).not.toContain(
        'canary',
      )
    }
  })
})
