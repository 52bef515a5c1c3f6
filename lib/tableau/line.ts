import { AlmanacError } from '../core/errors.ts'
import type { Emit } from '../core/event.ts'
import type { Clock } from '../core/ports.ts'
import { parseAddress } from '../network/address.ts'
import { DIRECT, type Way } from '../network/way.ts'
import { openCalls, type Send } from './calls.ts'
import { linkSignals } from './cancel.ts'
import { openTransport, TIMEOUTS, type Timeouts, type Transport } from './transport.ts'

/** How a server is spoken to. */
export interface LineOptions {
  readonly clock: Clock
  /** Numbers from 0 up to 1, for spreading retries. */
  readonly random: () => number
  readonly emit: Emit
  /** How many calls may be in flight, over all that the run reads; 8 unless said otherwise. */
  readonly concurrency?: number
  readonly signal?: AbortSignal
  readonly timeouts?: Partial<Timeouts>
  /** How the server is reached; directly unless said otherwise. */
  readonly way?: Way
}

/** The way to one server, and the calls that go over it. */
export interface Line {
  /** The server's address. */
  readonly server: string
  readonly clock: Clock
  readonly emit: Emit
  readonly concurrency: number
  readonly timeouts: Timeouts
  readonly transport: Transport
  readonly send: Send
  /** Aborted by the caller's signal, or by `stop`. */
  readonly signal: AbortSignal
  /** Stops what is in flight. */
  stop(): void
  /** Stops what is in flight and closes all connections. Never throws. */
  end(): Promise<void>
}

/** Opens the way to a server. Throws `bad-configuration`, `insecure-address`, `forbidden-address` (the address). */
export function openLine(serverUrl: string, options: LineOptions): Line {
  const address = parseAddress(serverUrl)
  const { concurrency = 8, way = DIRECT, clock, random, emit } = options
  const timeouts = { ...TIMEOUTS, ...options.timeouts }
  const now = () => clock.now()
  const transport = openTransport({ address, way, connections: concurrency, timeouts, now })
  const closing = new AbortController()
  const run = linkSignals([options.signal, closing.signal])
  const stop = () =>
    closing.abort(new AlmanacError('internal', 'The Tableau client was closed while it was in use'))
  const end = async () => {
    stop()
    run.release()
    await transport.destroy().catch(() => undefined)
  }
  const send = openCalls({ transport, clock, random, emit })
  const { signal } = run
  return { server: address.url, clock, emit, concurrency, timeouts, transport, send, signal, stop, end }
}

/** Ends a line once, however often it is asked: stops what is in flight, does what is left to do, and closes. */
export function closerOf(line: Line, lastly: () => Promise<void>): () => Promise<void> {
  const end = async () => {
    line.stop()
    await lastly()
    await line.end()
  }
  let ending: Promise<void> | undefined
  return () => {
    ending ??= end()
    return ending
  }
}
