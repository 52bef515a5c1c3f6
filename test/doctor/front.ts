import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'

/** A server before another one: it answers what the other does not, and hands everything else on. */
export interface Front {
  readonly url: string
  close(): Promise<void>
}

function handOn(to: string, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const { method, headers, url = '/' } = incoming
  const onward = request(new URL(url, to), { method, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
    answer.pipe(outgoing)
  })
  onward.on('error', () => outgoing.destroy())
  incoming.pipe(onward)
}

/** A server on a free loopback port, and how to end it with its connections. */
export const listening = (server: Server): Promise<Front> =>
  new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' ? address?.port : undefined
      const close = (): Promise<void> =>
        new Promise((closed) => {
          server.close(() => closed())
          server.closeAllConnections()
        })
      resolve({ url: `http://127.0.0.1:${port}`, close })
    })
  })

/** Answers "Query Workbooks for User" with `ownedBy`, so many are owned. */
export const ownerFront = (to: string, owned: number): Promise<Front> =>
  listening(
    createServer((incoming, outgoing) => {
      if (!/\/users\/[^/]+\/workbooks\?.*ownedBy=true/.test(incoming.url ?? ''))
        return handOn(to, incoming, outgoing)
      outgoing.writeHead(200, { 'content-type': 'application/xml;charset=utf-8' })
      outgoing.end(
        `<tsResponse xmlns="http://tableau.com/api"><pagination pageNumber="1" pageSize="1" totalAvailable="${owned}"/><workbooks/></tsResponse>`,
      )
    }),
  )

/** A web server of another kind. */
export const otherServer = (): Promise<Front> =>
  listening(
    createServer((_incoming, outgoing) => {
      outgoing.writeHead(200, { 'content-type': 'text/html' })
      outgoing.end('<!doctype html><html><title>Intranet</title></html>')
    }),
  )
