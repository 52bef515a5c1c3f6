import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { COMMANDS } from '../../lib/cli/commands.ts'
import { almanac, temporaryFolder } from './terminal.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
beforeAll(async () => {
  folder = await temporaryFolder()
})
afterAll(() => folder.remove())

const takesWarehouse = COMMANDS.filter(({ options }) =>
  options.some(({ flags }) => flags.startsWith('--warehouse')),
).map(({ name, args }) => [name, args.map(() => 'x')] as const)

describe('--warehouse', () => {
  test.each(takesWarehouse.filter(([name]) => !['init', 'parse'].includes(name)))(
    '%s refuses what is neither a folder nor a bucket',
    async (command, args) => {
      const given = ['accept', 'withdraw', 'history'].includes(command)
        ? ['users', 'x'].slice(0, args.length)
        : args
      for (const place of ['gs://x/y', 'S3://bucket/x', 's3:/bucket/x', '~/warehouse', '', ' ']) {
        const { exit, out, err } = await almanac([command, ...given, '--warehouse', place])
        expect([place, exit, out]).toEqual([place, 2, ''])
        expect(err).toMatch(/^error (usage|bad-date): /)
      }
      expect(await readdir(folder.path)).toEqual([])
    },
  )

  test('says what it takes', async () => {
    const { exit, err } = await almanac(['status', '--warehouse', 'gs://x/y'])
    expect([exit, err]).toEqual([
      2,
      'error usage: --warehouse "gs://x/y" is neither a folder nor s3://bucket/prefix\nnext: Give the path of a folder, or s3:// with a bucket’s name and a prefix.\n',
    ])
  })
})

test.each([
  [['query', 'SELECT 1', '--site', 'a', '--site', 'b'], '--site <slug>'],
  [['status', '--output', 'json', '--output', 'csv'], '--output <format>'],
  [['nightly', '--date', '2026-11-01', '--date', '2026-11-02'], '--date <day>'],
])('an option that is given twice is refused: %j', async (args, flags) => {
  const { exit, err } = await almanac(args)
  expect(exit).toBe(2)
  expect(err).toContain(`option '${flags}' argument`)
  expect(err).toContain('It is given twice.')
})

test('an option that is given once may repeat its default', async () => {
  const place = join(folder.path, 'none')
  expect((await almanac(['status', '--output', 'table', '--warehouse', place])).err).toMatch(
    /^error not-found/,
  )
})
