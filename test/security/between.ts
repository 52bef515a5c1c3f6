import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What a server says in the place of another; undefined lets the other speak. */
export type Instead = (path: string) => { readonly status: number; readonly body: string } | undefined

/** A server on loopback before another one: it answers as it is told, and passes on everything else. */
export async function openBetween(
  url: string,
  instead: Instead,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server = createServer((incoming, outgoing) => {
    const own = instead(incoming.url ?? '/')
    if (own !== undefined) {
      outgoing.writeHead(own.status, { 'content-type': 'application/xml;charset=utf-8' }).end(own.body)
      return
    }
    const { method, headers } = incoming
    const passed = request(new URL(incoming.url ?? '/', url), { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    })
    passed.on('error', () => outgoing.destroy())
    incoming.pipe(passed)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
