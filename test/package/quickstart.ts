import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Finished, run } from './run.ts'
import { ROOT } from './sources.ts'

const PAGE = join(ROOT, 'docs/quickstart.md')
const BLOCK = /^```console\n([\s\S]*?)^```$/gm
/** What the page has in place of the port and the token that every run has of its own. */
const PORT = '8000'

/** A command of the page, and what the page says that it answers. */
export interface Step {
  readonly command: string
  readonly answer: string
}

/** Every command of the page, in order. */
export function steps(): readonly Step[] {
  const blocks = [...readFileSync(PAGE, 'utf8').matchAll(BLOCK)].map(([, text = '']) => text)
  return blocks.flatMap((block) =>
    block.split(/^\$ /m).flatMap((part) => {
      const [command = '', ...answer] = part.split('\n')
      return command === '' ? [] : [{ command, answer: answer.join('\n').trimEnd() }]
    }),
  )
}

/** Where and against what the commands are run. */
export interface Surroundings {
  readonly folder: string
  readonly port: string
  readonly env: Readonly<Record<string, string>>
}

/** Runs a command of the page as a shell does. What it says stands as the page would have it: with its port, its folder. */
export async function replay(command: string, { folder, port, env }: Surroundings): Promise<Finished> {
  const own = command.replaceAll(`:${PORT}`, `:${port}`)
  const { exit, out, err } = await run('sh', ['-c', own], { cwd: folder, env })
  const asOnPage = (text: string): string =>
    text.replaceAll(`:${port}`, `:${PORT}`).replaceAll(folder, '/home/you/almanac')
  return { exit, out: asOnPage(out), err: asOnPage(err) }
}

/** A text without what differs from run to run: every number, ids, run names, days, and the widths that follow from them. */
export const timeless = (text: string): string =>
  text
    .replaceAll(/\d{8}T\d{6}Z-[0-9a-f]{6}/g, 'RUN')
    .replaceAll(/(at|about) (\d+ \w+|a second|a minute)/g, 'about N')
    .replaceAll(/\d[\d.,]*/g, 'N')
    .replaceAll(/─+/g, '─')
    .replaceAll(/[ \t]+/g, ' ')
    .trim()

/** Writes what the commands answered into the page. */
export function record(answers: ReadonlyMap<string, string>): void {
  const page = readFileSync(PAGE, 'utf8').replaceAll(BLOCK, (block) => {
    const commands = [...block.matchAll(/^\$ (.*)$/gm)].map(([, command = '']) => command)
    const told = commands.map((command) => {
      const answer = answers.get(command) ?? ''
      return `$ ${command}\n${answer === '' ? '' : `${answer.trimEnd()}\n`}`
    })
    return `\`\`\`console\n${told.join('')}\`\`\``
  })
  writeFileSync(PAGE, page)
}
