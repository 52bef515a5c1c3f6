import { describe, expect, test } from 'vitest'
import { COMMANDS } from '../../lib/cli/commands.ts'
import { almanac } from './terminal.ts'

test('help names every command with what it does, on stdout', async () => {
  const { exit, out, err } = await almanac(['--help'])
  expect([exit, err]).toEqual([0, ''])
  for (const { name } of COMMANDS) expect(out).toMatch(new RegExp(`^ {2}${name}\\b.* {2}\\w`, 'm'))
  expect(out).toContain('Exit codes:')
})

test('the version is one line', async () => {
  const { exit, out } = await almanac(['--version'])
  expect([exit, out]).toEqual([0, expect.stringMatching(/^\S.*\n$/)])
})

describe.each(COMMANDS.map((command) => [command.name, command] as const))('help of %s', (name, command) => {
  test('documents every argument and option, and shows a call to copy', async () => {
    const { exit, out } = await almanac([name, '--help'])
    expect(exit).toBe(0)
    for (const { flags, doc } of command.options) {
      expect(doc).not.toBe('')
      expect(out).toContain(flags)
    }
    for (const each of command.args) expect(out).toContain(each.doc)
    expect(command.examples.length).toBeGreaterThan(0)
    for (const example of command.examples) expect(out).toContain(example)
  })

  test('names no option twice', () => {
    const flags = command.options.map((option) => option.flags.split(' ')[0])
    expect(new Set(flags).size).toBe(flags.length)
  })
})
