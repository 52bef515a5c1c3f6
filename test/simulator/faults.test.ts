import { request } from 'node:http'
import { brotliDecompressSync, createGunzip, gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Fault, faultKinds } from '../../lib/simulator/faults.ts'
import { type Simulator, startSimulator } from '../../lib/simulator/server.ts'
import { rowsOf, totalAvailable, validate } from './reading.ts'
import { ask, codeOf, signIn, tiny, type Visitor } from './visitor.ts'

let simulator: Simulator
let visitor: Visitor
let truth: string[]
const sorted = 'views?sort=createdAt:asc,name:asc&pageSize=100'
const tested = new Set<string>()

const use = (...faults: Fault[]): void => {
  for (const { kind } of faults) tested.add(kind)
  simulator.faults.set(faults)
}

const ids = (text: string): string[] => rowsOf(text, 'view').map((row) => row['@id'] ?? '')
const page = async (number: number) => {
  const { status, text, headers } = await visitor.get(`${sorted}&pageNumber=${number}`)
  return { status, text, headers, ids: status === 200 ? ids(text) : [], total: totalAvailable(text) }
}

beforeAll(async () => {
  simulator = await startSimulator({ counts: tiny })
  visitor = await signIn(simulator)
  truth = (await visitor.all('views', 'view', 'sort=createdAt:asc,name:asc')).map((row) => row['@id'] ?? '')
})
beforeEach(() => simulator.faults.clear())
afterAll(() => simulator.close())

describe('faults of lists', () => {
  it('losePage: its rows are missing, the total stays', async () => {
    use({ kind: 'losePage', match: { endpoint: 'views', page: 2 } })
    expect(await page(2)).toMatchObject({ status: 200, ids: [], total: truth.length })
    expect((await page(1)).ids).toEqual(truth.slice(0, 100))
    use({ kind: 'losePage', rows: 3 })
    expect((await page(2)).ids).toEqual(truth.slice(100, 197))
  })

  it('duplicateRow: the last row of the page before comes again', async () => {
    use({ kind: 'duplicateRow', match: { page: 2 } })
    expect((await page(2)).ids).toEqual([truth[99], ...truth.slice(101, 200)])
    use({ kind: 'duplicateRow', insert: true })
    expect((await page(2)).ids).toEqual([truth[99], ...truth.slice(100, 200)])
    expect((await page(1)).ids).toEqual(truth.slice(0, 100))
  })

  it('shrink and emptyList: fewer rows, and the total agrees', async () => {
    use({ kind: 'shrink', fraction: 0.5 })
    const half = Math.floor(truth.length / 2)
    expect(await page(1)).toMatchObject({ ids: truth.slice(0, 100), total: half })
    expect(await page(2)).toMatchObject({ ids: truth.slice(100, half), total: half })
    expect((await page(3)).status).toBe(400)
    use({ kind: 'emptyList' })
    expect(await page(1)).toMatchObject({ status: 200, ids: [], total: 0 })
  })

  it('lieTotal: the total is off, the rows are right', async () => {
    use({ kind: 'lieTotal', by: 200 })
    expect(await page(3)).toMatchObject({ ids: truth.slice(200), total: truth.length + 200 })
    expect(await page(4)).toMatchObject({ status: 200, ids: [] })
    use({ kind: 'lieTotal', by: -30 })
    expect((await page(1)).total).toBe(truth.length - 30)
  })

  it('beyondEnd400006: more is announced than comes', async () => {
    use({ kind: 'beyondEnd400006' })
    expect((await page(1)).total).toBe(truth.length + 100)
    const beyond = await page(4)
    expect([beyond.status, /code="(\d+)"/.exec(beyond.text)?.[1]]).toEqual([400, '400006'])
  })

  it('drift: rows come or go between the pages', async () => {
    use({ kind: 'drift', rows: 5 })
    expect(await page(1)).toMatchObject({ ids: truth.slice(5, 105), total: truth.length - 5 })
    expect(await page(2)).toMatchObject({ ids: truth.slice(100, 200), total: truth.length })
    use({ kind: 'drift', rows: -5, after: 2 })
    expect(await page(2)).toMatchObject({ ids: truth.slice(100, 200), total: truth.length })
    expect(await page(3)).toMatchObject({ ids: truth.slice(205), total: truth.length - 5 })
  })

  it('unknownAttribute, missingId, badDate, nullColumn: rows are not as they should be', async () => {
    const rows = async () => rowsOf((await page(1)).text, 'view')
    use({ kind: 'unknownAttribute', name: 'mood', value: 'good' })
    expect((await rows()).every((row) => row['@mood'] === 'good')).toBe(true)
    use({ kind: 'missingId' })
    expect((await rows()).map((row) => row['@id'])).toEqual([undefined, ...truth.slice(1, 100)])
    use({ kind: 'badDate' })
    expect(
      (await rows()).map((row) => row['@createdAt']).filter((date) => date?.startsWith('2016-06-31')),
    ).toHaveLength(1)
    use({ kind: 'nullColumn', attribute: 'name' })
    expect((await rows()).every((row) => !('@name' in row) && '@contentUrl' in row)).toBe(true)
  })

  it('never touch the truth, and are over when cleared', async () => {
    const before = simulator.world()
    use({ kind: 'emptyList' }, { kind: 'nullColumn', attribute: 'name' })
    await page(1)
    expect(simulator.world()).toBe(before)
    simulator.faults.clear()
    expect((await page(1)).ids).toEqual(truth.slice(0, 100))
  })
})

describe('faults that answer in the place of Tableau', () => {
  it('status: any, with Retry-After in both forms or none, as XML or HTML', async () => {
    for (const retryAfter of ['7', 'Sun, 01 Nov 2026 22:01:00 GMT', undefined]) {
      use({
        kind: 'status',
        status: 429,
        code: '429000',
        ...(retryAfter === undefined ? {} : { retryAfter }),
      })
      const answered = await visitor.get('users')
      expect([answered.status, codeOf(answered), answered.headers.get('retry-after')]).toEqual([
        429,
        '429000',
        retryAfter ?? null,
      ])
      validate(answered.text)
    }
    use({ kind: 'status', status: 503, html: true })
    const busy = await visitor.get('users')
    expect([busy.status, busy.headers.get('content-type')]).toEqual([503, 'text/html;charset=utf-8'])
  })

  it('forbidden, html, json, emptyBody, redirect', async () => {
    use({ kind: 'forbidden', match: { endpoint: 'groups' } })
    expect(codeOf(await visitor.get('groups'))).toBe('403004')
    expect((await visitor.get('users')).status).toBe(200)
    use({ kind: 'html' })
    expect(await visitor.get('users')).toMatchObject({
      status: 200,
      text: expect.stringContaining('<!DOCTYPE html>'),
    })
    use({ kind: 'json' })
    expect((await visitor.get('users')).headers.get('content-type')).toBe('application/json')
    use({ kind: 'emptyBody' })
    expect(await visitor.get('users')).toMatchObject({ status: 200, text: '' })
    use({ kind: 'redirect', to: 'https://elsewhere.example.com/', status: 307 })
    const redirected = await visitor.get('users')
    expect([redirected.status, redirected.headers.get('location')]).toEqual([
      307,
      'https://elsewhere.example.com/',
    ])
  })

  it('sign nobody in', async () => {
    use({ kind: 'status', status: 500, match: { endpoint: 'signIn' } })
    const before = simulator.counters()['signIns']
    const answered = await ask(simulator.url, '/api/3.29/auth/signin', {
      method: 'POST',
      body: '<tsRequest/>',
    })
    expect([answered.status, simulator.counters()['signIns']]).toEqual([500, before])
    expect((await visitor.get('users')).status).toBe(200)
  })

  it.each([
    ['endSession', '401002'],
    ['expire401000', '401000'],
  ] as const)('%s: %s until the next sign-in', async (kind, code) => {
    use({ kind, match: { endpoint: 'views', page: 2, times: 1 } })
    expect((await page(1)).status).toBe(200)
    expect((await page(2)).text).toContain(`<error code="${code}">`)
    expect(codeOf(await visitor.get('users'))).toBe(code)
    visitor = await signIn(simulator)
    expect((await page(2)).status).toBe(200)
  })
})

type Raw = { body: Buffer; encoding: string | undefined; length: string | undefined; ended: boolean }

/** Reads what comes until the end, the first bytes of an unfinished body, or the end of the connection. */
const raw = (path: string, accept: string, firstBytesOnly = false): Promise<Raw> =>
  new Promise((resolve, reject) => {
    const headers = { 'x-tableau-auth': visitor.token, 'accept-encoding': accept }
    const sent = request(
      `${simulator.url}/api/3.29/sites/${visitor.siteId}/${path}`,
      { headers, agent: false },
      (answer) => {
        const chunks: Buffer[] = []
        const finish = (ended: boolean): void => {
          const { 'content-encoding': encoding, 'content-length': length } = answer.headers
          resolve({ body: Buffer.concat(chunks), encoding, length, ended })
          sent.destroy()
        }
        answer.on('data', (chunk: Buffer) => {
          chunks.push(chunk)
          if (firstBytesOnly) finish(false)
        })
        answer.on('end', () => finish(true))
        answer.on('error', () => finish(false))
      },
    )
    sent.on('error', reject)
    sent.end()
  })

describe('faults of the body', () => {
  const whole = async () => (await raw(sorted, 'identity')).body

  it('truncate: cut XML, in a whole answer, compressed or not', async () => {
    const { length } = await whole()
    use({ kind: 'truncate', at: 0.3 })
    const plain = await raw(sorted, 'identity')
    expect([plain.body.length, plain.length, plain.ended]).toEqual([
      Math.floor(length * 0.3),
      `${plain.body.length}`,
      true,
    ])
    expect(gunzipSync((await raw(sorted, 'gzip')).body).equals(plain.body)).toBe(true)
  })

  it('truncateGzip: cut gzip, in a whole answer', async () => {
    use({ kind: 'truncateGzip', at: 0.5 })
    const cut = await raw(sorted, 'gzip')
    expect([cut.encoding, cut.length, cut.ended]).toEqual(['gzip', `${cut.body.length}`, true])
    expect(() => gunzipSync(cut.body)).toThrow('unexpected end of file')
  })

  it('wrongRoot, doctype, secondRoot, missingListElement: XML, but not an answer', async () => {
    const text = async () => (await visitor.get(sorted)).text
    use({ kind: 'wrongRoot' })
    expect(await text()).toMatch(/^<\?xml[^>]*\?><otherResponse .*<\/otherResponse>$/s)
    use({ kind: 'doctype' })
    expect(await text()).toMatch(/^<\?xml[^>]*\?><!DOCTYPE tsResponse /)
    use({ kind: 'secondRoot' })
    expect(await text()).toMatch(/<\/tsResponse><tsResponse\/>$/)
    use({ kind: 'missingListElement' })
    expect(await text()).toMatch(/<pagination [^>]*\/><\/tsResponse>$/)
    use({ kind: 'emptyList' }, { kind: 'missingListElement' })
    expect(await text()).toMatch(/<pagination [^>]*\/><\/tsResponse>$/)
  })

  it('brotli: though nobody asked', async () => {
    const plain = await whole()
    use({ kind: 'brotli' })
    const answered = await raw(sorted, 'gzip')
    expect(answered.encoding).toBe('br')
    expect(brotliDecompressSync(answered.body).equals(plain)).toBe(true)
  })

  it('gzipBomb: few bytes that unpack to many', async () => {
    use({ kind: 'gzipBomb', megabytes: 8 })
    const { body, encoding } = await raw(sorted, 'gzip')
    expect(encoding).toBe('gzip')
    expect(body.length).toBeLessThan(20_000)
    let unpacked = 0
    const gunzip = createGunzip()
    gunzip.on('data', (chunk: Buffer) => {
      unpacked += chunk.length
    })
    await new Promise((done) => gunzip.on('error', done).end(body))
    expect(unpacked).toBe(8 << 20)
  })
})

describe('faults of the connection', () => {
  it('stall: no headers, or half a body and then nothing', async () => {
    use({ kind: 'stall', where: 'headers' })
    const gone = await fetch(`${simulator.url}/api/2.4/serverInfo`, {
      signal: AbortSignal.timeout(150),
    }).catch(String)
    expect(gone).toContain('TimeoutError')
    use({ kind: 'stall' })
    const half = await raw(sorted, 'identity', true)
    expect(half.body.length).toBeGreaterThan(0)
    expect(half.body.length).toBeLessThan(Number(half.length))
  })

  it('reset: before the headers, or in the middle of the body', async () => {
    use({ kind: 'reset', where: 'headers' })
    await expect(raw(sorted, 'identity')).rejects.toThrow(/ECONNRESET|socket hang up/)
    use({ kind: 'reset' })
    const half = await raw(sorted, 'identity')
    expect(half.ended).toBe(false)
    expect(half.body.length).toBeLessThan(Number(half.length))
  })

  it('slow: late and in pieces, but whole', async () => {
    const plain = await raw(sorted, 'identity')
    use({ kind: 'slow', delayMs: 5, pieces: 4 })
    expect((await raw(sorted, 'identity')).body.equals(plain.body)).toBe(true)
  })
})

describe('the kinds of faults', () => {
  it('leaves no kind untested', () => {
    expect([...tested].sort()).toEqual([...faultKinds].sort())
  })
})
