import { readFile } from 'node:fs/promises'

/**
 * What AWS does around a function, in a process of its own: takes an event, calls the handler, sends back what it answers or
 * fails with. One invocation at a time; a second one finds the process as the first left it.
 */
const code = import(`${process.env['LAMBDA_TASK_ROOT']}/index.mjs`)
/** When the process could take its first event, in milliseconds since it began. */
const ready = code.then(() => performance.now())

/** What is left of the time; a clock that jumps at each look makes a test's time run out at the same place every time. */
function clockOf({ milliseconds, perLook }) {
  const end = Date.now() + milliseconds
  let looks = 0
  return () => end - Date.now() - perLook * looks++
}

/** The most that this process ever held, in MB. What Node says of it counts what its parent held when it was forked. */
async function peakMb() {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '')
  const [, kilobytes] = /^VmHWM:\s*(\d+) kB$/m.exec(status) ?? []
  return Number(kilobytes ?? process.resourceUsage().maxRSS) / 1024
}

/** What the invocation took, the start of the process apart, and the most memory that the process ever held. */
async function spentSince(began) {
  const ms = performance.now() - Math.max(began, await ready)
  return { initMs: await ready, ms, peakMb: await peakMb() }
}

async function answerTo({ event, time, memoryMb }) {
  const began = performance.now()
  try {
    const { handler } = await code
    const context = { getRemainingTimeInMillis: clockOf(time), memoryLimitInMB: String(memoryMb) }
    const payload = JSON.stringify((await handler(event, context)) ?? null)
    return { payload, failed: false, spent: await spentSince(began) }
  } catch (thrown) {
    const { name: errorType, message: errorMessage, stack = '' } = thrown
    return { payload: JSON.stringify({ errorType, errorMessage, trace: stack.split('\n') }), failed: true }
  }
}

process.on('message', async (invocation) => process.send(await answerTo(invocation)))
// Nobody is left who could call.
process.on('disconnect', () => process.exit())
