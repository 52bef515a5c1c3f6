import { createInterface } from 'node:readline/promises'
import type { Readable } from 'node:stream'
import type { SiteConfiguration } from '../config/configuration.ts'
import { AlmanacError, asAlmanacError } from '../core/errors.ts'
import { type Call, type Command, DEBUG, hasFlag, QUIET, textOption } from './command.ts'
import { CONFIG_FILE } from './configuration.ts'
import { connectTo } from './connection.ts'
import { errorText } from './failure.ts'
import { shellWord } from './held.ts'
import { type Draft, draftOf, writeDraft } from './init-file.ts'
import { type Answers, QUESTION_OPTIONS, QUESTIONS, type Question } from './init-questions.ts'
import { interruptible } from './interrupt.ts'
import { write } from './io.ts'
import { note } from './note.ts'

/** Who answers: somebody at a terminal, or nobody. */
export interface Answerer {
  readonly isThere: boolean
  /** Asks one line; '' when it was left empty. */
  ask(text: string): Promise<string>
  close(): void
}

/** The person at the terminal that this process has, if it has one. Ctrl-C and the end of the input end the asking. */
function atTerminal(
  input: Readable & { readonly isTTY?: boolean },
  { io }: Call,
  signal: AbortSignal,
): Answerer {
  const isThere = input.isTTY === true && io.errColumns !== undefined
  if (!isThere) return { isThere, ask: () => Promise.resolve(''), close: () => undefined }
  const lines = createInterface({ input, output: io.err, terminal: true })
  // A line editor keeps Ctrl-C to itself; everything here listens to the process.
  lines.on('SIGINT', () => process.emit('SIGINT'))
  const ended = new Promise<never>((_, reject) => {
    lines.on('close', () =>
      reject(new AlmanacError('usage', 'the input ended before every question was answered')),
    )
  })
  ended.catch(() => undefined)
  return {
    isThere,
    ask: async (text) => (await Promise.race([lines.question(text, { signal }), ended])).trim(),
    close: () => lines.close(),
  }
}

/** The answer to one question: its flag, else what is typed, else what is suggested; undefined when there is none. */
async function answerTo(
  question: Question,
  answers: Answers,
  { options, io }: Call,
  answerer: Answerer,
): Promise<string | undefined> {
  const given = textOption(options, question.name)
  if (given !== undefined) return given.trim()
  const suggested = question.suggested(answers, io.env)
  if (!answerer.isThere || !question.isAsked(answers)) return suggested
  const hint = suggested === undefined || suggested === '' ? '' : ` [${suggested}]`
  for (;;) {
    const typed = await answerer.ask(`${question.asks}${hint}: `)
    if (typed === '' && suggested !== undefined) return suggested
    if (typed !== '' && question.choices?.includes(typed) !== false) return typed
  }
}

/** All answers. Throws `usage`, naming every flag that is missing where nobody can be asked. */
async function answersOf(call: Call, answerer: Answerer): Promise<Answers> {
  const answers: Record<string, string> = {}
  const missing: string[] = []
  for (const question of QUESTIONS) {
    const answer = await answerTo(question, answers, call, answerer)
    if (answer !== undefined) answers[question.name] = answer
    else if (question.isAsked(answers)) missing.push(question.flags)
  }
  if (missing.length === 0) return answers
  throw new AlmanacError('usage', `nobody is there to ask, and these are missing: ${missing.join(', ')}`, {
    next: 'Give them as flags, or run "almanac init" on a terminal.',
  })
}

/** Signs in and out once, which proves address, network, secret and site. Answers what was found. */
async function tried(site: SiteConfiguration, { io }: Call, signal: AbortSignal): Promise<string> {
  const { systemClock: clock } = await import('../adapters/local/clock.ts')
  const beforeSignIn = (): Promise<void> => Promise.resolve()
  const client = await connectTo(site, io, { clock, emit: () => undefined, beforeSignIn, signal })
  const { server, productVersion, apiVersion, user } = client
  await client.close()
  const where = site.contentUrl === '' ? 'the default site' : `site ${site.contentUrl}`
  return `signed in to ${where} on ${server} (Tableau ${productVersion}, REST API ${apiVersion}) with the site role ${user.siteRole}`
}

/** Tests the sign-in. What fails is told; whether the file is written all the same, only a person may say. */
async function checkSignIn(
  call: Call,
  { site }: Draft,
  answerer: Answerer,
  signal: AbortSignal,
): Promise<void> {
  if (hasFlag(call.options, 'unchecked')) return note(call, 'the sign-in was not tested')
  try {
    await note(call, await tried(site, call, signal))
  } catch (thrown) {
    signal.throwIfAborted()
    const error = asAlmanacError(thrown)
    if (!answerer.isThere) throw error
    await write(call.io.err, errorText(error, { io: call.io, isDebug: false }))
    if (!/^y(es)?$/i.test(await answerer.ask('Write the file all the same? [y/N]: '))) throw error
  }
}

async function init(call: Call, answerer: Answerer, signal: AbortSignal): Promise<number> {
  const { options, io } = call
  const path = textOption(options, 'config') ?? CONFIG_FILE
  const draft = await draftOf(path, await answersOf(call, answerer), io.env)
  await checkSignIn(call, draft, answerer, signal)
  const schema = await writeDraft(draft)
  const config = path === CONFIG_FILE ? '' : ` --config ${shellWord(path)}`
  await note(
    call,
    `${path} ${draft.isAddition ? 'has' : 'is written, with'} the site ${draft.site.slug}${draft.isAddition ? ' now' : ''}; ${schema} lets an editor complete it`,
    '',
    'Next:',
    `  almanac doctor${config}     what works, what does not, and what to do`,
    `  almanac nightly${config}    the first night`,
  )
  return 0
}

/** The command over this input. */
export const initCommand = (input: () => Readable): Command => ({
  name: 'init',
  args: [],
  doc: 'write almanac.config.json for a site, or add a site to it: asks, tests the sign-in, and keeps no secret',
  options: [
    { flags: '--config <file>', doc: `file to write (default: ${CONFIG_FILE})` },
    ...QUESTION_OPTIONS,
    { flags: '--unchecked', doc: 'do not test the sign-in' },
    QUIET,
    DEBUG,
  ],
  examples: [
    'almanac init',
    'almanac init --server https://10ax.online.tableau.com --tableau-site marketing --pat-name almanac --owner "BI platform"',
  ],
  run: (call) =>
    interruptible(call.io, async (signal) => {
      const answerer = atTerminal(input(), call, signal)
      try {
        return await init(call, answerer, signal)
      } finally {
        answerer.close()
      }
    }),
})

/** `almanac init`. */
export const INIT: Command = initCommand(() => process.stdin)
