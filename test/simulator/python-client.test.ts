import { readdirSync, readFileSync } from 'node:fs'
import { request } from 'node:http'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { Simulator } from '../../lib/simulator/server.ts'
import { rowsOf, totalAvailable } from './reading.ts'
import { tiny, withSimulator } from './visitor.ts'

type Step = {
  method: string
  path: string
  headers: Record<string, string>
  body?: string
  status: number
  contains: string[]
  take?: Record<string, string>
  pages?: string
  truth?: 'users' | 'groups' | 'projects' | 'workbooks' | 'views' | 'datasources' | 'jobs'
}
type Sequence = { what: string; steps: Step[] }

const folder = fileURLToPath(new URL('../fixtures/simulator', import.meta.url))
const sequences = readdirSync(folder)
  .filter((file) => file.startsWith('python-client-'))
  .map((file): [string, Sequence] => [file, JSON.parse(readFileSync(`${folder}/${file}`, 'utf8'))])

const fill = (text: string, values: ReadonlyMap<string, string>): string =>
  text.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = values.get(name)
    if (value === undefined) throw new Error(`nothing for {${name}}`)
    return value
  })

/** Sends just these headers: what a client library would add of its own must not come to the server's aid. */
const send = (
  url: string,
  step: Step,
  values: ReadonlyMap<string, string>,
): Promise<{ status: number; text: string }> =>
  new Promise((resolve, reject) => {
    const headers = Object.fromEntries(
      Object.entries(step.headers).map(([name, value]) => [name, fill(value, values)]),
    )
    const body = step.body === undefined ? undefined : fill(step.body, values)
    if (body !== undefined) headers['Content-Length'] = String(Buffer.byteLength(body))
    const sent = request(`${url}${fill(step.path, values)}`, { method: step.method, headers }, (answer) => {
      const chunks: Buffer[] = []
      answer.on('data', (chunk: Buffer) => chunks.push(chunk))
      answer.on('end', () => {
        const bytes = Buffer.concat(chunks)
        const plain = answer.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes
        resolve({ status: answer.statusCode ?? 0, text: plain.toString('utf8') })
      })
    })
    sent.on('error', reject)
    sent.end(body)
  })

const replay = async (url: string, step: Step, values: ReadonlyMap<string, string>): Promise<string> => {
  const { status, text } = await send(url, step, values)
  expect(status, `${step.path}\n${text}`).toBe(step.status)
  for (const part of step.contains) expect(text, step.path).toContain(fill(part, values))
  return text
}

const replayPages = async (simulator: Simulator, step: Step, values: Map<string, string>): Promise<void> => {
  const ids: string[] = []
  for (let page = 1; ; page++) {
    const text = await replay(simulator.url, step, values.set('page', String(page)))
    ids.push(...rowsOf(text, step.pages ?? '').map((row) => row['@id'] ?? ''))
    if (page * 100 >= totalAvailable(text)) break
  }
  const truth = step.truth === undefined ? [] : simulator.world()[step.truth].map((row) => row.id)
  expect(ids.sort(), step.path).toEqual(truth.sort())
}

describe('what the Python client sends is answered as it expects', () => {
  it.each(sequences)('%s', async (_, { steps }) => {
    expect(steps.length).toBeGreaterThan(3)
    await withSimulator({ counts: tiny, seed: 'python' }, async (simulator) => {
      const values = new Map([
        ['patName', simulator.patName],
        ['patSecret', simulator.patSecret],
        ['contentUrl', simulator.site],
      ])
      for (const step of steps) {
        if (step.pages !== undefined) {
          await replayPages(simulator, step, values)
          continue
        }
        const text = await replay(simulator.url, step, values)
        for (const [name, pattern] of Object.entries(step.take ?? {})) {
          const found = new RegExp(pattern).exec(text)?.[1]
          expect(found, `${name} in ${step.path}`).toBeDefined()
          values.set(name, found ?? '')
        }
      }
    })
  })
})
