import { describe, expect, test } from 'vitest'
import { inProcess } from './in-process.ts'
import { run, serve } from './run.ts'
import { ROOT } from './sources.ts'

const place = { cwd: ROOT }
const simulator = (...args: string[]) => ['dist/almanac.js', 'simulator', ...args]
const SMALL = ['--users', '5', '--groups', '2', '--projects', '2', '--workbooks', '3', '--views', '4']

/** The server's day, by its own Date header. */
async function dayOf(url: string): Promise<string> {
  const answer = await fetch(`${url}/api/3.29/serverinfo`)
  return new Date(answer.headers.get('date') ?? '').toISOString().slice(0, 10)
}

describe('almanac simulator', () => {
  test('prints where it is, goes to other days as told, and ends well', async () => {
    const running = serve(process.execPath, simulator('--port', '0', '--day', '2026-11-01', ...SMALL), place)
    const first: unknown = JSON.parse(await running.line())
    expect(first).toEqual({
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      site: 'demo',
      patName: 'almanac',
      patSecret: expect.stringMatching(/^[0-9a-f]{32}:[0-9a-f]{32}$/),
    })
    const { url } = first as { url: string }
    expect(await dayOf(url)).toBe('2026-11-01')
    running.say('day 2026-10-31\nnonsense\nday 2026-11-02\n')
    expect(await running.line()).toBe('{"day":"2026-11-02"}')
    expect(await dayOf(url)).toBe('2026-11-02')
    expect((await fetch(`${url}/control/counters`)).status).toBe(404)
    expect(await running.end()).toBe(0)
  })

  test('the same seed is the same site; --control opens the control interface', async () => {
    const one = serve(process.execPath, simulator('--seed', '7', '--control', ...SMALL), place)
    const two = serve(process.execPath, simulator(...SMALL), place)
    const [first, second] = (await Promise.all([one.line(), two.line()])).map(
      (line) => JSON.parse(line) as { url: string; patSecret: string },
    )
    expect(first?.patSecret).toBe(second?.patSecret)
    const body = JSON.stringify({ day: '2026-11-05' })
    const answer = await fetch(`${first?.url}/control/day`, { method: 'POST', body })
    expect(await answer.json()).toEqual({ day: '2026-11-05' })
    expect(await Promise.all([one.end(), two.end()])).toEqual([0, 0])
  })

  test.each([
    [['--port', 'abc'], '--port is "abc"; it takes a whole number from 0 to 65535'],
    [['--port', '65536'], '--port is "65536"'],
    [['--latency-ms', '-1'], '--latency-ms is "-1"; it takes a whole number from 0 to 60000'],
    [['--users', '2.5'], '--users is "2.5"'],
    [['--users', '0'], 'users must be a whole number of at least 1, not 0'],
    [['--workbooks', '0'], 'views need at least 1 workbook'],
    [['--day', '2026-02-30'], "'2026-02-30' is not a day; write YYYY-MM-DD"],
    [['--size', 'tiny'], 'Allowed choices are small, model, huge'],
    [['--colour', 'red'], "unknown option '--colour'"],
  ])('%j is refused, saying what is allowed', async (args, why) => {
    const { exit, out, err } = await inProcess('simulator', ...args)
    expect(err).toContain(why)
    expect(err).toContain('\nnext: ')
    expect({ exit, out }).toEqual({ exit: 2, out: '' })
  })

  test('a port that is taken is named', async () => {
    const running = serve(process.execPath, simulator(...SMALL), { cwd: ROOT })
    const { port } = new URL((JSON.parse(await running.line()) as { url: string }).url)
    const { exit, err } = await run(process.execPath, simulator('--port', port, ...SMALL), place)
    expect(err).toContain(`port ${port} cannot be listened on`)
    expect(exit).toBe(2)
    await running.end()
  })
})
