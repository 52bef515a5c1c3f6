import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text as textOf } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { selfSigned } from '../../aws/certificate.ts'
import type { TlsFiles } from '../../aws/listening.ts'
import { startS3 } from '../../aws/s3-server.ts'
import { startProxy } from '../../network/proxy-server.ts'
import { serveRaw } from '../../tableau/servers.ts'
import type { WorkerReport, WorkerTask } from './worker.ts'

const PROJECT = fileURLToPath(new URL('../../..', import.meta.url))
const WORKER = fileURLToPath(new URL('worker.ts', import.meta.url))

let tls: TlsFiles
beforeAll(async () => {
  tls = await selfSigned()
})

/** What a process of its own says, once it has ended by itself. */
async function report(task: Omit<WorkerTask, 'authorities'>): Promise<WorkerReport> {
  const told = JSON.stringify({ ...task, authorities: [tls.cert] } satisfies WorkerTask)
  const worker = spawn(process.execPath, ['--import', 'tsx', WORKER, told], {
    cwd: PROJECT,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void worker.kill('SIGKILL'))
  const [said, [code]] = await Promise.all([textOf(worker.stdout), once(worker, 'close')])
  expect(code).toBe(0)
  return JSON.parse(said) as WorkerReport
}

async function started(): Promise<string> {
  const server = await startS3({ tls })
  onTestFinished(() => server.close())
  return server.url
}

const SOON = 300
const PATIENT = 10_000
const BUCKET = 'https://localhost:9'

describe('a process that is done with its warehouse ends', () => {
  it('although connections are kept', async () => {
    const endpoint = await started()
    expect(await report({ endpoint, connectMs: PATIENT })).toEqual({ code: 'read', message: '3', open: [] })
  })

  it.each(['plain', 'over TLS'])('although connections through a proxy are kept: %s', async (kind) => {
    const { url, asked } = await startProxy(kind === 'plain' ? {} : { tls })
    const proxy = url.replace('127.0.0.1', 'localhost')
    const endpoint = await started()
    const told = await report({ endpoint, proxy, connectMs: PATIENT })
    expect(told).toEqual({ code: 'read', message: '3', open: [] })
    expect(asked).toHaveLength(1)
  })

  it('although the proxy never answers', async () => {
    const { url: proxy } = await startProxy({ instead: 'hang' })
    const told = await report({ endpoint: BUCKET, proxy, connectMs: SOON })
    expect(told).toMatchObject({ code: 'store-failed', open: [] })
    expect(told.message).toMatch(/^s3:\/\/warehouse\/night\/a: .*first came localhost:9: the proxy /)
    expect(told.message).toContain(`the proxy ${proxy} did not answer CONNECT within 0.3 seconds`)
  })

  it('although the host behind the proxy never answers', async () => {
    const { url: proxy } = await startProxy()
    const silent = await serveRaw(() => undefined)
    const endpoint = silent.replace('http:', 'https:').replace('127.0.0.1', 'localhost')
    const told = await report({ endpoint, proxy, connectMs: SOON })
    expect(told).toMatchObject({ code: 'store-failed', open: [] })
    expect(told.message).toContain('no TLS after 0.3 seconds')
  })
})
