import type { Emit } from '../core/event.ts'
import type { RunReport } from '../core/report.ts'
import { nightLine } from '../demo/words.ts'
import { type Call, hasFlag } from './command.ts'
import { liveBlock } from './live.ts'

/** Tells the demo's nights as they go by. */
export interface NightTeller {
  readonly emit: Emit
  ended(report: RunReport): void
  close(): void
}

const DRAW_EVERY = 100
/** Away from a terminal, one night in so many is told. */
const TOLD_EVERY = 5

const SILENT: NightTeller = { emit: () => undefined, ended: () => undefined, close: () => undefined }

function plainTeller({ io }: Call, nights: number): NightTeller {
  let number = 0
  return {
    emit: () => undefined,
    ended: (report) => {
      number++
      if (number === 1 || number === nights || number % TOLD_EVERY === 0)
        io.err.write(`${nightLine(number, nights, report)}\n`)
    },
    close: () => io.err.write('\n'),
  }
}

const BAR = 20

/** One live line for the night that runs; it stays as it ended, above the next. */
function liveTeller({ io }: Call, nights: number, columns: number): NightTeller {
  const block = liveBlock(io.err, columns)
  let [number, day, entities, ended, rows] = [0, '', 1, 0, 0]
  const draw = (): void => {
    if (day === '') return
    const full = Math.min(BAR, Math.floor((ended / entities) * BAR))
    const bar = '█'.repeat(full) + '░'.repeat(BAR - full)
    block.draw([`night ${number + 1}/${nights}   ${day}   ${bar}   ${rows.toLocaleString('en')} rows read`])
  }
  const timer = setInterval(draw, DRAW_EVERY)
  timer.unref()
  return {
    emit: (event) => {
      if (event.type === 'run-started') [day, entities, ended, rows] = [event.dt, event.entities.length, 0, 0]
      if (event.type === 'entity-ended') ended++
      if (event.type === 'extracted') rows += event.rows
    },
    ended: (report) => {
      number++
      day = ''
      block.clear()
      block.above(nightLine(number, nights, report))
    },
    close: () => {
      clearInterval(timer)
      block.clear()
      io.err.write('\n')
    },
  }
}

/** The teller for a call: nothing with --quiet, live on a terminal, a line every few nights elsewhere. */
export function openNightTeller(call: Call, nights: number): NightTeller {
  if (hasFlag(call.options, 'quiet')) return SILENT
  const { errColumns } = call.io
  return errColumns === undefined ? plainTeller(call, nights) : liveTeller(call, nights, errColumns)
}
