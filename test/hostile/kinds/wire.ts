import type { Socket } from 'node:net'
import {
  either,
  type Good,
  HARMLESS,
  type Kind,
  kindsOn,
  type Line,
  MALFORMED,
  once,
  READ,
  refused,
  wire,
} from '../spoil.ts'

const UNREACHABLE = refused('unreachable')
const CLOSED = refused('unreachable', 'malformed-response')
const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n'

/** Writes, then lets the connection end as told; it stays open for a `stall`. */
function says(socket: Socket, text: string | Buffer, end: 'fin' | 'reset' | 'stall'): void {
  socket.write(text, () => {
    if (end === 'fin') socket.end()
    if (end === 'reset') socket.resetAndDestroy()
  })
}
const saying = (text: string | Buffer | ((good: Good) => string), end: 'fin' | 'reset' | 'stall' = 'fin') =>
  wire((socket, good) => says(socket, typeof text === 'function' ? text(good) : text, end))

/** How many bytes the good answer has. */
const lengthOf = ({ xml }: Good): number => Buffer.byteLength(xml)
const whole = (good: Good, head = HEAD): string =>
  `${head}Content-Length: ${lengthOf(good)}\r\n\r\n${good.xml}`
const half = (good: Good, head = HEAD): string =>
  `${head}Content-Length: ${lengthOf(good)}\r\n\r\n${good.xml.slice(0, good.xml.length / 2)}`
const chunk = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`
const CHUNKED = `${HEAD}Transfer-Encoding: chunked\r\n\r\n`

/** Writes one piece again and again until the other side has enough. */
const endlessly = (head: string, piece: string, pauseMs: number) =>
  wire((socket) => {
    socket.write(head)
    const timer = setInterval(() => socket.write(piece), pauseMs)
    socket.on('close', () => clearInterval(timer))
  })

const ENDS: readonly Line[] = [
  ['resets before its headers', saying('', 'reset'), UNREACHABLE],
  ['ends before its headers', saying('', 'fin'), UNREACHABLE],
  ['resets within its headers', saying(HEAD, 'reset'), UNREACHABLE],
  ['ends within its headers', saying(HEAD, 'fin'), CLOSED],
  ['resets once before its headers', once(saying('', 'reset')), HARMLESS],
  ['resets once within its body', once(saying(half, 'reset')), HARMLESS],
  ['resets within its body', saying(half, 'reset'), UNREACHABLE],
  ['ends within its body', saying(half, 'fin'), CLOSED],
  [
    'ends within its body, which has no length',
    saying(({ xml }) => `${HEAD}\r\n${xml.slice(0, xml.length / 2)}`),
    MALFORMED,
  ],
  [
    'ends a byte before its end, and has no length',
    saying(({ xml }) => `${HEAD}\r\n${xml.trimEnd().slice(0, -1)}`),
    MALFORMED,
  ],
  ['ends between two chunks', saying(({ xml }) => CHUNKED + chunk(xml.slice(0, xml.length / 2))), CLOSED],
  [
    'ends before its last chunk',
    saying(({ xml }) => CHUNKED + chunk(xml)),
    either('unreachable', 'malformed-response'),
  ],
  ['ends within a chunk', saying(({ xml }) => CHUNKED + chunk(xml).slice(0, -20)), CLOSED],
  ['answers whole without a length', saying(({ xml }) => `${HEAD}\r\n${xml}`), HARMLESS],
  ['answers by HTTP 1.0', saying((good) => whole(good).replace('1.1', '1.0')), HARMLESS],
  ['closes after each answer', saying((good) => whole(good, `${HEAD}Connection: close\r\n`)), HARMLESS],
  [
    'answers in chunks of a byte',
    wire((socket, { xml }) => says(socket, `${CHUNKED}${[...xml].map(chunk).join('')}0\r\n\r\n`, 'stall')),
    HARMLESS,
  ],
]

const LENGTHS: readonly Line[] = [
  [
    'announces a byte more than it sends',
    saying((good) => whole(good).replace(/Length: (\d+)/, `Length: ${lengthOf(good) + 1}`)),
    CLOSED,
  ],
  [
    'announces ten bytes less than it sends',
    saying((good) => whole(good).replace(/Length: (\d+)/, `Length: ${lengthOf(good) - 10}`)),
    CLOSED,
  ],
  [
    'announces a length that is no number',
    saying((good) => whole(good).replace(/Length: (\d+)/, 'Length: many')),
    CLOSED,
  ],
  [
    'announces a negative length',
    saying((good) => whole(good).replace(/Length: (\d+)/, 'Length: -5')),
    CLOSED,
  ],
  ['announces two lengths', saying((good) => whole(good, `${HEAD}Content-Length: 7\r\n`)), CLOSED],
  [
    'announces a length and chunks',
    saying((good) => whole(good, `${HEAD}Transfer-Encoding: chunked\r\n`)),
    CLOSED,
  ],
  ['has a chunk of no size', saying(`${CHUNKED}zz\r\n<ts\r\n`), CLOSED],
  ['has a chunk of a negative size', saying(`${CHUNKED}-4\r\n<ts\r\n`), CLOSED],
  ['has a chunk of endless size', saying(`${CHUNKED}${'f'.repeat(40)}\r\n<ts\r\n`), CLOSED],
  [
    'has a chunk that is longer than it says',
    saying(({ xml }) => `${CHUNKED}4\r\n${xml}\r\n0\r\n\r\n`),
    CLOSED,
  ],
]

const NO_HTTP: readonly Line[] = [
  ['speaks SSH', saying('SSH-2.0-OpenSSH_9.6\r\n'), CLOSED],
  ['speaks TLS', saying(Buffer.from([21, 3, 3, 0, 2, 2, 40])), CLOSED],
  ['speaks SMTP', saying('220 mail.example.com ESMTP\r\n'), CLOSED],
  ['sends zeros', saying(Buffer.alloc(1_000)), CLOSED],
  ['sends XML without HTTP', saying(({ xml }) => xml), CLOSED],
  ['has a status of no number', saying('HTTP/1.1 OK\r\n\r\n'), CLOSED],
  ['has a version that nobody speaks', saying((good) => whole(good).replace('1.1', '9.9')), CLOSED],
  ['has a header without a name', saying((good) => whole(good, `${HEAD}: x\r\n`)), CLOSED],
  ['has a zero in a header', saying((good) => whole(good, `${HEAD}X: a\0b\r\n`)), CLOSED],
  [
    'has 100 kB of headers',
    saying((good) => whole(good, `${HEAD}X: ${'x'.repeat(100_000)}\r\n`)),
    refused('response-too-large', 'unreachable', 'malformed-response'),
  ],
  [
    'has ten thousand headers',
    saying((good) => whole(good, `${HEAD}${'X: y\r\n'.repeat(10_000)}`)),
    refused('response-too-large', 'unreachable', 'malformed-response'),
  ],
  [
    'changes the protocol',
    saying('HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n'),
    CLOSED,
  ],
  [
    'sends early hints first',
    wire((socket, good) =>
      says(socket, `HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n${whole(good)}`, 'stall'),
    ),
    HARMLESS,
  ],
  [
    'says that we may go on first',
    wire((socket, good) => says(socket, `HTTP/1.1 100 Continue\r\n\r\n${whole(good)}`, 'stall')),
    either('unreachable', 'malformed-response'),
  ],
  [
    'answers twice at once',
    wire((socket, good) => says(socket, whole(good) + whole(good), 'stall')),
    either('unreachable', 'malformed-response'),
  ],
]

/** Each costs its limit of time, five times over: an endpoint of each sort is enough, and they are waited for at once. */
const waiting = { only: ['users', 'members', 'site', 'signin', 'me'], waits: true } as const
const STALLS: readonly Line[] = [
  ['stalls before its headers', saying('', 'stall'), UNREACHABLE, waiting],
  ['stalls within its headers', saying(HEAD, 'stall'), UNREACHABLE, waiting],
  ['stalls within its body', saying(half, 'stall'), UNREACHABLE, waiting],
  ['stalls a byte before its end', saying((good) => whole(good).slice(0, -1), 'stall'), UNREACHABLE, waiting],
  ['stalls between two chunks', saying(({ xml }) => CHUNKED + chunk(xml), 'stall'), UNREACHABLE, waiting],
  ['stalls once within its body', once(saying(half, 'stall')), HARMLESS, waiting],
  ['drips a byte at a time for ever', endlessly(`${HEAD}\r\n<tsResponse>`, ' ', 50), UNREACHABLE, waiting],
  [
    'drips its headers for ever',
    endlessly(HEAD, 'X: y\r\n', 50),
    refused('unreachable', 'response-too-large'),
    waiting,
  ],
  ['sends early hints for ever', endlessly('', 'HTTP/1.1 103 Early Hints\r\n\r\n', 50), UNREACHABLE, waiting],
]

/** What happens on the socket, below HTTP and against it. */
export const WIRE_KINDS: readonly Kind[] = kindsOn(READ, [...ENDS, ...LENGTHS, ...NO_HTTP, ...STALLS])
