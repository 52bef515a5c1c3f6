import { createServer, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { openS3 } from '../../../lib/adapters/aws/client.ts'
import type { ObjectStore } from '../../../lib/core/ports.ts'
import { secretOf } from '../../../lib/core/secret.ts'
import type { Way } from '../../../lib/network/way.ts'
import { selfSigned } from '../../aws/certificate.ts'
import type { TlsFiles } from '../../aws/listening.ts'
import { type S3Server, startS3 } from '../../aws/s3-server.ts'
import { CANARY, REGION, warehouseIn } from '../../aws/warehouse.ts'
import { startProxy } from '../../network/proxy-server.ts'
import { listening } from '../../tableau/servers.ts'
import { text } from '../bytes.ts'

let tls: TlsFiles
beforeAll(async () => {
  tls = await selfSigned()
})

async function started(): Promise<S3Server> {
  const server = await startS3({ tls })
  onTestFinished(() => server.close())
  return server
}

/** The warehouse in a server, reached by this way. */
async function warehouseBy(way: Way, server: S3Server, attempts = 1): Promise<ObjectStore> {
  const client = await openS3({ way, region: REGION, endpoint: server.url, credentials: CANARY, attempts })
  onTestFinished(() => client.destroy())
  return warehouseIn(server, client, 'almanac')
}

/** What a proxy was asked. */
interface Asked {
  readonly target: string
  readonly authorization: string | undefined
}

/** A proxy that leads by CONNECT to this machine alone, for who shows this header; and what it was asked. */
async function proxyFor(header: string | undefined): Promise<{ url: string; asked: Asked[] }> {
  const asked: Asked[] = []
  const proxy = createServer()
  proxy.on('connect', (request: IncomingMessage, socket: Duplex) => {
    const authorization = request.headers['proxy-authorization']
    asked.push({ target: request.url ?? '', authorization })
    if (authorization !== header) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n')
      return
    }
    const port = Number(request.url?.split(':').at(-1))
    const onward = connect(port, '127.0.0.1', () =>
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n'),
    )
    onward.pipe(socket).pipe(onward)
    for (const end of [onward, socket]) end.on('error', () => [onward, socket].map((each) => each.destroy()))
  })
  return { url: `http://127.0.0.1:${await listening(proxy)}`, asked }
}

const PASSWORD = 'pass:word/ä@canary'
const HEADER = `Basic ${Buffer.from(`anna:${PASSWORD}`).toString('base64')}`
const direct = (authorities: readonly string[]): Way => ({ proxy: undefined, authorities })

describe('the way to S3', () => {
  it('trusts the authorities it is given', async () => {
    const store = await warehouseBy(direct([tls.cert]), await started())
    expect(await store.write('a', text('one'), 'absent')).toMatchObject({ won: true })
    expect((await store.read('a'))?.size).toBe(3)
  })

  it.each([
    ['none but Node’s', async () => []],
    ['another', async () => [(await selfSigned()).cert]],
  ])('trusts no stranger with %s', async (_, authorities) => {
    const server = await started()
    const store = await warehouseBy(direct(await authorities()), server)
    await expect(store.read('a')).rejects.toMatchObject({
      code: 'store-failed',
      message: expect.stringContaining('certificate'),
    })
    expect(server.counts).toEqual({})
  })

  it('leads through a proxy, to which it says who we are', async () => {
    const server = await started()
    const { url, asked } = await proxyFor(HEADER)
    const proxy = { url, user: 'anna', password: secretOf(PASSWORD) }
    const store = await warehouseBy({ proxy, authorities: [tls.cert] }, server)
    expect(await store.write('a', text('one'), 'absent')).toMatchObject({ won: true })
    expect((await store.read('a'))?.size).toBe(3)
    // One connection is kept for both.
    expect(asked).toEqual([{ target: new URL(server.url).host, authorization: HEADER }])
  })

  it('leads to port 443 of the bucket’s own host in AWS', async () => {
    const { url, asked } = await proxyFor(HEADER)
    const client = await openS3({
      way: { proxy: { url }, authorities: [] },
      region: REGION,
      credentials: CANARY,
    })
    onTestFinished(() => client.destroy())
    const store = warehouseIn({ bucket: 'bucket-1' }, client, '')
    await expect(store.read('a')).rejects.toMatchObject({ code: 'proxy-refused' })
    expect(asked).toMatchObject([{ target: `bucket-1.s3.${REGION}.amazonaws.com:443` }])
  })

  it('keeps no more connections through a proxy than it may', async () => {
    const server = await started()
    const { url, asked } = await proxyFor(undefined)
    const store = await warehouseBy({ proxy: { url }, authorities: [tls.cert] }, server)
    const keys = Array.from({ length: 120 }, (_, index) => `k${index}`)
    await Promise.all(keys.map((key) => store.write(key, text(key), 'absent')))
    expect(await Promise.all(keys.map(async (key) => (await store.read(key))?.key))).toEqual(keys)
    expect(asked.length).toBeGreaterThan(1)
    expect(asked.length).toBeLessThanOrEqual(50)
  })

  it('tries again when the proxy cannot reach the host just now', async () => {
    const server = await started()
    const { url, asked } = await startProxy({ status: 503 })
    const store = await warehouseBy({ proxy: { url }, authorities: [tls.cert] }, server, 2)
    await expect(store.read('a')).rejects.toMatchObject({
      code: 'store-failed',
      message: `s3://warehouse/almanac/a: ${new URL(server.url).host}: the proxy ${url} answered 503 to CONNECT ${new URL(server.url).host}`,
    })
    expect(asked).toHaveLength(2)
  })

  it('says nothing of us to a proxy that need not know', async () => {
    const { url, asked } = await proxyFor(undefined)
    const store = await warehouseBy({ proxy: { url }, authorities: [tls.cert] }, await started())
    expect(await store.list('')).toEqual([])
    expect(asked).toMatchObject([{ authorization: undefined }])
  })

  it.each(['read', 'head', 'list'] as const)('ends at a proxy that does not know us: %s', async (method) => {
    const server = await started()
    const { url } = await proxyFor(HEADER)
    const proxy = { url, user: 'anna', password: secretOf('wrong-canary') }
    const store = await warehouseBy({ proxy, authorities: [tls.cert] }, server)
    const error: Error = await store[method]('a').then(
      () => new Error('it got through'),
      (reason) => reason,
    )
    expect(error).toMatchObject({
      code: 'proxy-refused',
      message: `s3://warehouse/almanac/a: ${new URL(server.url).host}: the proxy ${url} refuses the user and password (407)`,
      details: { status: 407 },
    })
    expect(`${error.stack}${JSON.stringify(error)}`).not.toContain('canary')
    expect(server.counts).toEqual({})
  })
})
