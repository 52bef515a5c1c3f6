import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { watch } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { sha256 } from '../../lib/core/sha256.ts'
import { cleanEnvironment } from '../package/clean-environment.ts'
import { ROOT } from '../package/sources.ts'

/**
 * When a program is killed: after so many milliseconds, or as soon as so many new names were seen in a folder of its
 * warehouse. Every write begins with a file in `.tmp`; in an object's own folder its marker is the first name and the
 * object the second.
 */
export type Trigger = { readonly milliseconds: number } | { readonly folder: string; readonly names: number }

/** A program to run: its arguments, its variables, and the folder it works on. */
export interface Program {
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly warehouse: string
}

/** How a program ended; `exit` is null when it was killed. */
export interface ProgramEnd {
  readonly exit: number | null
  readonly out: string
  readonly err: string
  readonly milliseconds: number
  /** How many files it began to write. */
  readonly writes: number
}

/** Calls back at the nth new name in a folder, which is made; answers how many it saw, and stops looking. */
async function watchFolder(folder: string, nth: number, then: () => void): Promise<() => number> {
  await mkdir(folder, { recursive: true })
  const names = new Set<string | null>()
  const watcher = watch(folder, (_, name) => {
    if (names.has(name)) return
    if (names.add(name).size === nth) then()
  })
  return () => {
    watcher.close()
    return names.size
  }
}

async function textOf(child: ChildProcess): Promise<{ out: string; err: string; exit: number | null }> {
  let [out, err] = ['', '']
  child.stdout?.on('data', (chunk) => {
    out += chunk
  })
  child.stderr?.on('data', (chunk) => {
    err += chunk
  })
  const [exit] = await once(child, 'close')
  return { out, err, exit }
}

/** Runs the shipped program to its end, or until the trigger kills it by SIGKILL: nothing of it runs any more. */
export async function runProgram(
  { args, env = {}, warehouse }: Program,
  trigger?: Trigger,
): Promise<ProgramEnd> {
  const kill = (): void => void child?.kill('SIGKILL')
  let child: ChildProcess | undefined
  const counted = await watchFolder(join(warehouse, '.tmp'), Number.NaN, kill)
  const watched =
    trigger !== undefined && 'folder' in trigger
      ? await watchFolder(join(warehouse, trigger.folder), trigger.names, kill)
      : () => 0
  const began = performance.now()
  child = spawn(process.execPath, [join(ROOT, 'dist/almanac.js'), ...args, '--warehouse', warehouse], {
    cwd: warehouse,
    env: cleanEnvironment(env),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const timer =
    trigger !== undefined && 'milliseconds' in trigger ? setTimeout(kill, trigger.milliseconds) : undefined
  const text = await textOf(child)
  clearTimeout(timer)
  watched()
  return { ...text, milliseconds: performance.now() - began, writes: counted() }
}

/** Numbers from 0 up to 1 that a seed decides: the nth of them. */
export const seeded = (seed: string, nth: number): number =>
  Number.parseInt(sha256(`${seed} ${nth}`).slice(0, 8), 16) / 2 ** 32
