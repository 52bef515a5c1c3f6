import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { type Faults, noFaults, type RequestFacts } from './faults.ts'

/** A server on a loopback port, how often each operation was asked for, and what is to go wrong. */
export interface AwsServer {
  /** `http://127.0.0.1:port`, or `https://localhost:port`. */
  readonly url: string
  readonly faults: Faults
  /** Requests so far by operation, the failed and the repeated ones included. */
  readonly counts: Readonly<Record<string, number>>
  /** The first line and the headers of every request. */
  readonly heard: readonly string[]
  close(): Promise<void>
}

/** What the servers share: counting, and asking for faults. */
export interface Desk {
  readonly faults: Faults
  readonly counts: Record<string, number>
  readonly heard: string[]
  /** Counts a request, and gives its facts. */
  take(request: IncomingMessage, operation: string, subject: string): RequestFacts
}

const ATTEMPT = /attempt=(\d+)/

/** A desk with nothing counted. */
export function newDesk(): Desk {
  const counts: Record<string, number> = {}
  const heard: string[] = []
  return {
    faults: noFaults(),
    counts,
    heard,
    take: (request, operation, subject) => {
      const count = (counts[operation] ?? 0) + 1
      counts[operation] = count
      heard.push([`${request.method} ${request.url}`, ...request.rawHeaders].join('\n'))
      const attempt = Number(ATTEMPT.exec(String(request.headers['amz-sdk-request']))?.[1] ?? 1)
      return { operation, subject, count, attempt }
    },
  }
}

/** The whole body of a request. */
export async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** A server's key and certificate for `localhost`, in PEM. */
export interface TlsFiles {
  readonly key: string
  readonly cert: string
}

/** Lets a handler answer on a free port. What it throws ends the connection: the client then sees a lost answer. */
export async function listening(
  handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
  desk: Desk,
  tls?: TlsFiles,
): Promise<AwsServer> {
  const listener: RequestListener = (request, response) => {
    handle(request, response).catch((thrown: unknown) => response.destroy(thrown as Error))
  }
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener)
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // it listens on TCP
  return {
    url: tls === undefined ? `http://127.0.0.1:${port}` : `https://localhost:${port}`,
    faults: desk.faults,
    counts: desk.counts,
    heard: desk.heard,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}
