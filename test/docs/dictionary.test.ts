import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { generatedPages } from '../../bin/docs/pages.ts'
import { ERRORS } from '../../lib/core/errors.ts'
import { ENTITIES, entityNamed, VIEWS } from '../../lib/entities/index.ts'
import { examplesOf } from '../../lib/questions/examples.ts'
import { relationsOf } from '../../lib/tables/relation.ts'
import { openEngine } from '../../lib/transform/engine.ts'
import { ask, runNights } from './nights.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const RELATIONS = relationsOf(ENTITIES, VIEWS)
const pages = await generatedPages()
const dictionary = pages.filter(({ path }) => path.startsWith('docs/tables/'))
const examples = dictionary.flatMap(({ path, text }) =>
  [...text.matchAll(/```sql\n([\s\S]*?)\n```/g)].map(([, sql = '']) => ({ path, sql })),
)

describe('generated pages', () => {
  test.each(pages)('$path is what the declarations say (npm run docs)', async ({ path, text }) => {
    expect(await readFile(join(ROOT, path), 'utf8')).toBe(text)
  })

  test('there is no page of something that is gone', async () => {
    const there = await readdir(join(ROOT, 'docs/tables'))
    expect(there.map((file) => `docs/tables/${file}`).sort()).toEqual(
      dictionary.map(({ path }) => path).sort(),
    )
  })

  test.each(RELATIONS.map(({ name }) => name))('%s has its heading', (name) => {
    const heading = new RegExp(`^##? (The table )?${name}(\\(day\\))?$`, 'm')
    expect(dictionary.filter(({ text }) => heading.test(text))).toHaveLength(1)
  })

  test('every personal column is marked, and they are all on one page', () => {
    const marked = dictionary.filter(({ text }) => /\| (\w+, )*personal(, \w+)* \|/.test(text))
    expect(marked.map(({ path }) => path)).toEqual(['docs/tables/users.md'])
  })

  test('every error code has its line', () => {
    const text = pages.find(({ path }) => path === 'docs/troubleshooting.md')?.text ?? ''
    expect(Object.keys(ERRORS).filter((code) => !text.includes(`| \`${code}\` |`))).toEqual([])
  })
})

describe('the examples, on four nights of a small site', () => {
  let root: string
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'almanac-docs-'))
    const engine = await openEngine()
    const counts = { users: 120, groups: 12, projects: 15, workbooks: 200, views: 400, datasources: 60 }
    await runNights(root, engine, counts, '2026-10-30', 4)
    await engine.close()
  })
  afterAll(() => rm(root, { recursive: true, force: true }))

  const answered: string[] = []

  test.each(examples)('$path: $sql', async ({ path, sql }) => {
    const { columns, rows } = await ask(root, RELATIONS, sql)
    expect(columns.length).toBeGreaterThan(0)
    if (rows.length > 0) answered.push(path)
  })

  test('of failed refreshes are counted without other jobs', async () => {
    const { sql } = examplesOf(entityNamed('jobs'))[0]
    const { rows: jobs } = await ask(root, RELATIONS, 'SELECT job_type, status FROM jobs')
    const isRefresh = ([type]: readonly unknown[]): boolean =>
      /^(refresh|increment)_extracts$/.test(String(type))
    const refreshes = jobs.filter(isRefresh)
    expect(refreshes.length).toBeLessThan(jobs.length)
    expect(new Set(refreshes.map(([type]) => type)).size).toBe(2)
    const { columns, rows } = await ask(root, RELATIONS, sql)
    const sum = (column: string): number =>
      rows.reduce((total, row) => total + Number(row[columns.indexOf(column)]), 0)
    expect(sum('refreshes')).toBe(refreshes.length)
    expect(sum('failed')).toBe(refreshes.filter(([, status]) => status === 'Failed').length)
  })

  test('there are two a page, one in the index, and on most pages one has an answer', () => {
    expect(examples).toHaveLength(2 * (dictionary.length - 1) + 1)
    expect(new Set(answered).size).toBeGreaterThan((dictionary.length * 2) / 3)
  })
})
