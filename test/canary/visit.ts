import { PassThrough } from 'node:stream'
import { expect } from 'vitest'
import { main } from '../../lib/cli/main.ts'
import { hideFromNowOn } from '../../lib/core/redact.ts'
import { almanac, type Outcome } from '../cli/terminal.ts'
import { HOSTILITIES, type Say } from './echoes.ts'
import { type House, KINDS } from './house.ts'
import { spell } from './spellings.ts'

/** As many as a process remembers, none of which any text holds; of one character, since every part takes its time. */
const STRANGERS = Array.from({ length: 64 }, (_, i) => String.fromCodePoint(0xe000 + i))

/** Makes this process forget every secret, as if a new one ran the next command. */
export function forgetSecrets(): void {
  for (const stranger of STRANGERS) hideFromNowOn(stranger)
}

/** What is said and sent by the commands that ran in a house, by what they are. */
export interface Visit {
  /** Which commands were run, and how often any was. */
  readonly used: Set<string>
  runs(): number
  readonly texts: Readonly<Record<string, string>>
  /** Runs a command; its exit must be this one. */
  run(what: string, exit: number, args: readonly string[]): Promise<Outcome>
}

/** Keeps everything that commands say. */
export function openVisit(house: Pick<House, 'env'>): Visit {
  const texts: Record<string, string> = {}
  const used = new Set<string>()
  let runs = 0
  return {
    used,
    texts,
    runs: () => runs,
    run: async (what, exit, args) => {
      used.add(args[0] ?? '')
      runs += 1
      forgetSecrets()
      const outcome = await almanac(args, house.env)
      texts[`stdout ${runs}: ${what}`] = outcome.out
      texts[`stderr ${runs}: ${what}`] = outcome.err
      expect([what, outcome.exit], outcome.out.slice(-3000) + outcome.err).toEqual([what, exit])
      return outcome
    },
  }
}

/** `almanac simulator` until it listens, then stopped as by Ctrl-C; what it said. */
export async function simulatorOnce(): Promise<string> {
  const [out, err] = [new PassThrough(), new PassThrough()]
  let said = ''
  let interrupt = (): void => undefined
  for (const stream of [out, err])
    stream.on('data', (chunk) => {
      said += String(chunk)
      interrupt()
    })
  const onInterrupt = (react: () => void) => {
    interrupt = react
    return () => undefined
  }
  const terminal = { env: {}, outColumns: undefined, errColumns: undefined, exit: () => undefined }
  // It says where it listens before it can be interrupted.
  setTimeout(() => interrupt(), 2_000).unref()
  await main(['simulator', '--users', '5', '--workbooks', '3', '--views', '4'], {
    ...terminal,
    ...{ out, err, onInterrupt },
  })
  return said
}

/** Every server of Tableau repeats what it was told last in this way, until it is told otherwise; '' for none. */
export function echoed(house: House, hostility: string, say: Say = Buffer.from): void {
  const found = HOSTILITIES.find(({ name }) => name === hostility)
  if (found === undefined && hostility !== '') throw new Error(`nothing is called "${hostility}"`)
  for (const [index, kind] of KINDS.entries())
    house.sites[kind].front.echo = found?.echo(say, index % 2 === 0 ? 'said' : 'token') ?? (() => undefined)
}

const IN_TURN = ['plain', 'hex', 'percent', 'JSON, all escaped', 'XML by numbers', 'percent everywhere']

/** The bucket refuses everything, and repeats its client's secrets: the nth answer in the nth spelling. */
export function refusingBucket({ bucket, vault }: House): void {
  let count = 0
  bucket.faults.set(() => {
    const spelling = IN_TURN[count++ % IN_TURN.length] ?? ''
    const said = [vault.accessKey, vault.sessionToken].map(({ value }) => spell(spelling, value).toString())
    // What is called an error may be one of them as well.
    const code =
      count % 5 === 0 ? `No${said[0]?.replaceAll(/[^A-Za-z0-9]/g, '').slice(0, 50)}` : 'AccessDenied'
    return { kind: 'error', status: 403, code, message: `not with ${said.join(' and ')}` }
  })
}
