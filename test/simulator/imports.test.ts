import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const room = fileURLToPath(new URL('../../lib/simulator', import.meta.url))

it('the simulator imports node and itself, nothing of the client: an error shared by both would hide itself', () => {
  const files = readdirSync(room)
  expect(files.length).toBeGreaterThan(10)
  const imports = files.flatMap((file) => {
    const source = readFileSync(`${room}/${file}`, 'utf8')
    return [...source.matchAll(/\bfrom '([^']+)'|\bimport\(([^)]*)\)|^import '([^']+)'/gm)].map(
      ([, from, dynamic, bare]) => from ?? dynamic ?? bare ?? '',
    )
  })
  expect(imports.length).toBeGreaterThan(40)
  expect(imports.filter((from) => !/^(\.\/[\w-]+\.ts|node:[\w/]+)$/.test(from))).toEqual([])
})
