import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { Page } from './docs/markdown.ts'
import { generatedPages } from './docs/pages.ts'

const ROOT = resolve(import.meta.dirname, '..')
const TABLES = 'docs/tables'

/** The paths whose text is not what it should be, and those of pages that nothing generates any more. */
async function stalePaths(pages: readonly Page[]): Promise<{ differ: Page[]; orphans: string[] }> {
  const differ: Page[] = []
  for (const page of pages) {
    const there = await readFile(join(ROOT, page.path), 'utf8').catch(() => undefined)
    if (there !== page.text) differ.push(page)
  }
  const wanted = new Set(pages.map(({ path }) => path))
  const files = await readdir(join(ROOT, TABLES)).catch(() => [])
  return { differ, orphans: files.map((file) => `${TABLES}/${file}`).filter((path) => !wanted.has(path)) }
}

async function put({ path, text }: Page): Promise<void> {
  await mkdir(dirname(join(ROOT, path)), { recursive: true })
  await writeFile(join(ROOT, path), text)
}

/** Writes what is stale; with --check only says so, and fails. */
async function docs(isCheck: boolean): Promise<number> {
  const { differ, orphans } = await stalePaths(await generatedPages())
  const stale = [...differ.map(({ path }) => path), ...orphans]
  if (isCheck) {
    for (const path of stale) process.stderr.write(`${path} is not what the declarations say\n`)
    if (stale.length > 0) process.stderr.write('Run "npm run docs" and look at the difference.\n')
    return stale.length > 0 ? 1 : 0
  }
  for (const page of differ) await put(page)
  for (const path of orphans) await rm(join(ROOT, path))
  for (const path of stale) process.stderr.write(`wrote ${path}\n`)
  return 0
}

process.exitCode = await docs(process.argv.includes('--check'))
