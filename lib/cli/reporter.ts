import type { Emit, RunEvent } from '../core/event.ts'
import { allWithoutSecrets } from '../core/redact.ts'
import { type Call, hasFlag } from './command.ts'
import { mayColour } from './io.ts'
import { quietJson } from './json.ts'
import { liveBlock } from './live.ts'
import { logText } from './log.ts'
import { paint } from './paint.ts'
import { noted, type Progress, progressLines, progressOf } from './progress.ts'

/** Tells what happens in a run while it happens. */
export interface Reporter {
  readonly emit: Emit
  /** Takes the live lines away; the second time it does nothing. */
  close(): void
}

const DRAW_EVERY = 100
/** Away from a terminal, pages of one entity are told this far apart, in milliseconds. */
const PAGES_EVERY = 5000

const SILENT: Reporter = { emit: () => undefined, close: () => undefined }

/** One JSON object a line: what a log collector reads. */
function jsonReporter({ io }: Call): Reporter {
  const told = new Map<string, number>()
  const isDue = (event: RunEvent): boolean => {
    if (event.type !== 'page-read') return true
    const now = performance.now()
    const before = told.get(event.entity) ?? now
    if (!told.has(event.entity) || now - before >= PAGES_EVERY) told.set(event.entity, now)
    return now - before >= PAGES_EVERY
  }
  return {
    emit: (event) => {
      if (!isDue(event)) return
      const { type, ...facts } = event
      const level = type === 'warned' ? 'warn' : 'info'
      io.err.write(`${quietJson({ time: new Date().toISOString(), level, event: type, ...facts })}\n`)
    },
    close: () => undefined,
  }
}

/** Readable lines, with a live line for each entity below them. */
function terminalReporter({ io }: Call, columns: number): Reporter {
  const colour = paint(mayColour(io))
  const block = liveBlock(io.err, columns)
  let progress: Progress = progressOf()
  const draw = (): void => block.draw(progressLines(progress, performance.now(), colour))
  const timer = setInterval(draw, DRAW_EVERY)
  timer.unref()
  return {
    emit: (event) => {
      progress = noted(progress, event, performance.now())
      const text = logText(event, colour)
      if (text !== undefined) block.above(`${colour.dim(new Date().toISOString().slice(11, 19))} ${text}`)
    },
    close: () => {
      clearInterval(timer)
      block.clear()
    },
  }
}

/** The reporter for a call: nothing with --quiet, live on a terminal, JSON lines elsewhere. It tells no secret. */
export function openReporter(call: Call): Reporter {
  if (hasFlag(call.options, 'quiet')) return SILENT
  const { errColumns } = call.io
  const { emit, close } = errColumns === undefined ? jsonReporter(call) : terminalReporter(call, errColumns)
  return { emit: (event) => emit(allWithoutSecrets(event)), close }
}
