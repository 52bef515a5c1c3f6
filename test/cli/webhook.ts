import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A webhook that takes whatever it is sent. */
export interface Webhook<Body> {
  /** Its address, whose end is secret. */
  readonly url: string
  /** Every body it was sent, in order. */
  readonly bodies: Body[]
  close(): void
}

/** What no answer, file or message may show of a webhook's address. */
export const WEBHOOK_CANARY = 'canary-of-the-webhook'

/** Starts a webhook on a free loopback port. `Body`: what its sender is meant to send. */
export async function startWebhook<Body = Record<string, unknown>>(): Promise<Webhook<Body>> {
  const bodies: Body[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    bodies.push(JSON.parse(Buffer.concat(chunks).toString()))
    response.writeHead(200).end('ok')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // a TCP server that listens
  return { bodies, url: `http://127.0.0.1:${port}/hooks/${WEBHOOK_CANARY}`, close: () => server.close() }
}
