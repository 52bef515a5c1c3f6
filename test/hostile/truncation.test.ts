import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { AlmanacError } from '../../lib/core/errors.ts'
import { networkFailure } from '../../lib/network/failure.ts'
import { openAnswer, parsePage, type Shape } from '../../lib/tableau/answer.ts'
import { readBody } from '../../lib/tableau/body.ts'
import { cases, figure, limitFor } from '../guarantees/proof.ts'
import { complaint } from '../tableau/servers.ts'
import { PAGE_TYPES } from './pages.ts'
import { text } from './spoil.ts'
import { faultsOf, tryOut } from './trial.ts'
import { ENDPOINTS, type Endpoint } from './world.ts'

/** An error is the one answer without a payload. */
const ANSWERS: readonly (readonly [name: string, bytes: Buffer, shape: Shape | null])[] = [
  ...PAGE_TYPES.map(({ name, bytes, shape }) => [name, bytes, shape] as const),
  ['an error', Buffer.from(complaint('404018')), null],
]

const came = { prefixes: 0, compressed: 0, http: 0, taken: 0 }

/** What became of an answer in two pieces: the error's code, or how many items were taken. */
function readAs(pieces: readonly Uint8Array[], shape: Shape | null): string | number {
  try {
    const reader = openAnswer(shape, 'here')
    for (const piece of pieces) reader.write(piece)
    return reader.end().items.length
  } catch (thrown) {
    return thrown instanceof AlmanacError ? thrown.code : String(thrown)
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

/** The same for a compressed answer: its own error, or the parser's. */
async function unzippedAs(bytes: Uint8Array, shape: Shape | null): Promise<string | number> {
  const reader = openAnswer(shape, 'here')
  try {
    await readBody({ chunks: once(bytes), gzipped: true, place: 'here' }, reader.write)
    return reader.end().items.length
  } catch (thrown) {
    return networkFailure(thrown, 'here').code
  }
}

describe.each(ANSWERS)('%s', (_, bytes, shape) => {
  const end = bytes.toString().trimEnd().length
  const last = Buffer.byteLength(bytes.toString().slice(0, end))

  it('is refused wherever it is cut, and also where it comes in two pieces', () => {
    const taken: unknown[] = []
    for (let length = 0; length < last; length++) {
      const code = readAs([bytes.subarray(0, length)], shape)
      if (code !== 'malformed-response') taken.push([length, code])
      came.prefixes += 1
    }
    came.taken += taken.length
    expect(taken).toEqual([])
    const whole = readAs([bytes], shape)
    expect(whole).toBeTypeOf('number')
    for (let length = 0; length < last; length += 7)
      expect(readAs([bytes.subarray(0, length), bytes.subarray(length)], shape)).toBe(whole)
  })

  it('is refused wherever its gzip is cut', async () => {
    const zipped = gzipSync(bytes)
    const taken: unknown[] = []
    for (let length = 1; length < zipped.length; length++) {
      const code = await unzippedAs(zipped.subarray(0, length), shape)
      if (code !== 'malformed-response') taken.push([length, code])
      came.compressed += 1
    }
    came.taken += taken.length
    expect(taken).toEqual([])
    expect(await unzippedAs(zipped, shape)).toBeTypeOf('number')
  })
})

/** How many cuts of each endpoint's answers go through a real server, spread over the answer. */
const CUTS = cases('truncations', { suite: 3, full: 100 })

const malformed = { is: 'refused', codes: ['malformed-response'], same: () => [] } as const

describe('over HTTP, whole as a message and cut as XML', () => {
  const readable = ENDPOINTS.filter(({ name }) => name !== 'signout')
  it.each(readable.map((endpoint): [string, Endpoint] => [endpoint.name, endpoint]))(
    'nothing of %s lands',
    async (_, endpoint) => {
      for (let cut = 0; cut < CUTS; cut++) {
        const share = (cut + 0.5) / CUTS
        const spoil = text((xml) =>
          Buffer.from(xml).subarray(0, Math.floor(Buffer.byteLength(xml.trimEnd()) * share)),
        )
        const outcome = await tryOut(endpoint, spoil)
        came.http += 1
        if (outcome.verdict === 'complete') came.taken += 1
        expect(faultsOf(outcome, malformed, []), `cut at ${share}`).toEqual([])
      }
    },
    limitFor(3, 30),
  )
})

it('a whole answer is read, so that the cuts prove something', () => {
  for (const [name, bytes, shape] of ANSWERS)
    if (shape !== null) expect(parsePage(bytes, shape).items.length, name).toBeGreaterThan(0)
})

afterAll(() => {
  expect(came.prefixes).toBeGreaterThan(15_000)
  figure('truncations', {
    'page types': ANSWERS.length,
    'prefixes, one for every byte': came.prefixes,
    'compressed prefixes, one for every byte': came.compressed,
    'cut answers over HTTP': came.http,
    'taken for whole': came.taken,
  })
})
