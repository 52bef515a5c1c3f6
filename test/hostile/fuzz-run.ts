import { setImmediate as turn } from 'node:timers/promises'
import { faultOfItem, isRow } from './judge-rows.ts'
import { faultOfPage, isTaken } from './judge-xml.ts'
import { type ItemCase, mutatedItem } from './mutate-rows.ts'
import { mutatedPage } from './mutate-xml.ts'
import type { PageType } from './pages.ts'
import { type Random, randomOf } from './random.ts'

/** How much is tried. Case `n` of a seed is the same whatever else is tried. */
export interface FuzzOptions {
  readonly cases: number
  readonly seed: number
  /** Stops there even when there are cases left. */
  readonly seconds?: number
}

/** An input that was handled wrongly: its number, what is wrong, and the input as a line of `regressions.ts`. */
export interface Finding {
  readonly number: number
  readonly fault: string
  readonly paste: string
}

/** What a run came to. `taken`: inputs that were read, so that something was compared. */
export interface FuzzResult {
  readonly pages: number
  readonly items: number
  readonly taken: number
  readonly slowestMs: number
  readonly growthMB: number
  readonly findings: readonly Finding[]
}

/** Above that an input hangs. By the CPU's time, which other processes do not lengthen. */
const HANG_MS = 1_000

/** After so many cases others have a turn: a runner that hears nothing for a minute gives a test up. */
const TURN_EVERY = 1_000

/** Enough of them to look at. */
const MAX_FINDINGS = 20

const pasteOfPage = ({ bytes, shape }: PageType, fault: string): string =>
  `[${JSON.stringify(fault)}, '${bytes.toString('base64')}', ${JSON.stringify(shape)}],`

const pasteOfItem = ({ entity, item }: ItemCase, fault: string): string =>
  `[${JSON.stringify(fault)}, '${entity.name}', ${JSON.stringify(JSON.stringify(item))}],`

interface Tried {
  readonly isItem: boolean
  readonly isTaken: boolean
  readonly fault: string | undefined
  readonly paste: (fault: string) => string
}

/** One case: an item every third time, else a page. */
function tryCase(random: Random): Tried {
  if (random.chance(33)) {
    const item = mutatedItem(random)
    return {
      isItem: true,
      fault: faultOfItem(item),
      isTaken: isRow(item),
      paste: (fault) => pasteOfItem(item, fault),
    }
  }
  const page = mutatedPage(random)
  const fault = faultOfPage(page, random)
  return { isItem: false, fault, isTaken: isTaken(page), paste: (why) => pasteOfPage(page, why) }
}

const isPolluted = (): boolean =>
  'polluted' in {} ||
  Object.keys(Object.prototype).length > 0 ||
  '@polluted' in {} ||
  'polluted' in (() => undefined)

/** The fault of a case, or that it took too long, or left something behind in every object. */
const faultAfter = ({ fault }: Tried, cpuMs: number): string | undefined => {
  if (isPolluted()) return 'every object has a new property'
  return fault ?? (cpuMs > HANG_MS ? `took ${Math.round(cpuMs)} ms` : undefined)
}

const cpuMsSince = (before: NodeJS.CpuUsage): number => process.cpuUsage(before).user / 1_000
const residentMB = (): number => process.memoryUsage.rss() / 1024 / 1024

/** Tries mutated pages and items by seed, until there are enough of them, or of findings, or time is over. */
export async function fuzz({
  cases,
  seed,
  seconds = Number.POSITIVE_INFINITY,
}: FuzzOptions): Promise<FuzzResult> {
  const findings: Finding[] = []
  const until = performance.now() + seconds * 1_000
  const [memory, counts] = [residentMB(), { pages: 0, items: 0, taken: 0 }]
  let slowestMs = 0
  for (
    let number = 0;
    number < cases && findings.length < MAX_FINDINGS && performance.now() < until;
    number++
  ) {
    if (number % TURN_EVERY === 0) await turn()
    const before = process.cpuUsage()
    const tried = tryCase(randomOf(Math.imul(seed, 0x9e37_79b1) ^ number))
    const cpuMs = cpuMsSince(before)
    slowestMs = Math.max(slowestMs, cpuMs)
    counts[tried.isItem ? 'items' : 'pages'] += 1
    if (tried.isTaken) counts.taken += 1
    const fault = faultAfter(tried, cpuMs)
    if (fault !== undefined) findings.push({ number, fault, paste: tried.paste(fault) })
  }
  return {
    ...counts,
    slowestMs: Math.round(slowestMs),
    growthMB: Math.round(residentMB() - memory),
    findings,
  }
}
