import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { almanac, temporaryFolder } from '../cli/terminal.ts'

/** Names that every object of JavaScript has already, or that lead to what all of them share. */
const INHERITED = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'valueOf',
  'hasOwnProperty',
  'then',
  '__defineGetter__',
]

const shared = (): readonly string[] => [
  ...Object.getOwnPropertyNames(Object.prototype),
  ...Object.getOwnPropertyNames(Array.prototype),
]

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let before: readonly string[]
beforeAll(async () => {
  before = shared()
  folder = await temporaryFolder()
})
afterAll(() => folder.remove())

const page = (attributes: string, inside: string): string =>
  `<?xml version='1.0' encoding='UTF-8'?><tsResponse xmlns="http://tableau.com/api"><pagination pageNumber="1" pageSize="100" totalAvailable="1"/><workbooks><workbook id="1" name="evil" createdAt="2026-11-01T00:00:00Z" updatedAt="2026-11-01T00:00:00Z"${attributes}><owner id="2"/>${inside}</workbook></workbooks></tsResponse>`

test.each(INHERITED)(
  'an attribute and an element called %s are kept as data, and touch nothing',
  async (name) => {
    const file = join(folder.path, 'page.xml')
    await writeFile(file, page(` ${name}="polluted"`, `<${name} polluted="yes"><${name} id="x"/></${name}>`))
    const { exit, out, err } = await almanac(['parse', 'workbooks', file, '--output', 'json'])
    expect([exit, err]).toEqual([0, expect.stringContaining(`no column names`)])
    const [row] = JSON.parse(out) as readonly Record<string, unknown>[]
    const extra = JSON.parse(String(row?.['raw_extra'] ?? '{}')) as object
    expect(JSON.stringify(extra)).toContain('polluted')
    expect(shared()).toEqual(before)
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false)
  },
)

test.each(INHERITED)(
  'a configuration with a property called %s is refused, and touches nothing',
  async (name) => {
    const file = join(folder.path, 'config.json')
    const evil = `{"polluted": "yes"}`
    await writeFile(
      file,
      `{"owner": "x", "${name}": ${evil}, "sites": [{"${name}": ${evil}, "server": "https://x.example"}]}`,
    )
    const { exit, err } = await almanac(['status', '--config', file])
    expect([exit, err]).toEqual([2, expect.stringMatching(/^error bad-configuration/)])
    expect(err).toContain(name)
    expect(shared()).toEqual(before)
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  },
)
