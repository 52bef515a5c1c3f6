import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls'
import type { Target } from './way.ts'

type Readiness = 'connect' | 'secureConnect'

/** How a socket that was not ready in time ends; code and call are the operating system's for the same. */
const tooLate = (waitingFor: Readiness, timeoutMs: number): Error =>
  Object.assign(
    new Error(`no ${waitingFor === 'connect' ? 'connection' : 'TLS'} after ${timeoutMs / 1000} seconds`),
    {
      code: 'ETIMEDOUT',
      syscall: waitingFor === 'connect' ? 'connect' : 'read',
    },
  )

const closedEarly = (): Error =>
  Object.assign(new Error('the connection was closed at once'), { code: 'ECONNRESET' })

/** Waits until a socket is ready. One that fails, closes, or takes longer is destroyed, and what it says is thrown. */
function ready<S extends Socket>(socket: S, event: Readiness, timeoutMs: number): Promise<S> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => socket.destroy(tooLate(event, timeoutMs)), timeoutMs)
    // It stays, since an error that nobody listens for would end the process; who reads from the socket hears it too.
    socket.on('error', (error) => {
      clearTimeout(timer)
      socket.destroy()
      reject(error)
    })
    socket.once('close', () => {
      clearTimeout(timer)
      reject(closedEarly())
    })
    socket.once(event, () => {
      clearTimeout(timer)
      resolve(socket)
    })
  })
}

/** Where a TCP connection leads, and how its name is resolved; by the operating system unless said otherwise. */
export interface TcpTarget extends Pick<Target, 'host' | 'port' | 'timeoutMs'> {
  readonly lookup?: LookupFunction
}

/** A TCP connection. Throws what Node throws, and ETIMEDOUT. */
export const openTcp = ({ host, port, timeoutMs, lookup }: TcpTarget): Promise<Socket> =>
  ready(
    connectTcp({ host, port, noDelay: true, ...(lookup === undefined ? {} : { lookup }) }),
    'connect',
    timeoutMs,
  )

/** TLS over a connection that stands, for the name or address of the host. Throws what Node throws, and ETIMEDOUT. */
export const openTls = (
  socket: Socket,
  { host, timeoutMs }: Pick<Target, 'host' | 'timeoutMs'>,
  options: ConnectionOptions,
): Promise<TLSSocket> => {
  // An IP address is no server name (RFC 6066, section 3); the certificate is held against `host` then.
  const names = isIP(host) === 0 ? { host, servername: host } : { host }
  return ready(connectTls({ ...options, ...names, socket }), 'secureConnect', timeoutMs)
}
