import { expect, test } from 'vitest'
import { systemClock } from '../../lib/adapters/local/clock.ts'
import { limited } from '../../lib/doctor/limit.ts'

const forever = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))

test('work that takes too long is stopped, and the error names it', async () => {
  let stopped: unknown
  const work = (signal: AbortSignal): Promise<never> => {
    signal.addEventListener('abort', () => {
      stopped = signal.reason
    })
    return new Promise(() => undefined)
  }
  const failure = {
    code: 'unreachable',
    message: expect.stringMatching(/^the proxy: not done after 0\.01 s/),
  }
  await expect(limited('the proxy', 10, { clock: systemClock }, work)).rejects.toMatchObject(failure)
  expect(stopped).toMatchObject(failure)
})

test('work that is done in time is never stopped afterwards, and leaves no clock running', async () => {
  const sleeping: AbortSignal[] = []
  const clock = {
    ...systemClock,
    sleep: (ms: number, signal?: AbortSignal): Promise<void> => {
      if (signal !== undefined) sleeping.push(signal)
      return systemClock.sleep(ms, signal)
    },
  }
  let kept: AbortSignal | undefined
  const result = await limited('it', 60_000, { clock }, async (signal) => {
    kept = signal
    return 7
  })
  expect([result, kept?.aborted, sleeping.map(({ aborted }) => aborted)]).toEqual([7, false, [true]])
})

test('the caller’s signal stops the work with its own reason', async () => {
  const stop = new AbortController()
  const working = limited('it', 60_000, { clock: systemClock, signal: stop.signal }, forever)
  stop.abort(new Error('enough'))
  await expect(working).rejects.toThrow('enough')
})
