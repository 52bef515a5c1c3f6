import { createInterface } from 'node:readline/promises'
import type { Readable } from 'node:stream'
import type { SiteConfiguration } from '../config/configuration.ts'
import { connectTo, sessionOf } from '../connection/connection.ts'
import { newRun } from '../connection/run-id.ts'
import { AlmanacError, asAlmanacError } from '../core/errors.ts'
import type { Emit } from '../core/event.ts'
import { shellWord } from '../core/shell.ts'
import type { Client } from '../tableau/client.ts'
import { type Call, type Command, DEBUG, hasFlag, QUIET, textOption } from './command.ts'
import { CONFIG_FILE, namedFile } from './configuration.ts'
import { errorText } from './failure.ts'
import { type Draft, draftOf, openTarget, type Target, writeDraft } from './init-file.ts'
import { type Objection, objectionsTo } from './init-objections.ts'
import { type Answers, QUESTION_OPTIONS, QUESTIONS, type Question } from './init-questions.ts'
import { interruptible } from './interrupt.ts'
import { write } from './io.ts'
import { note } from './note.ts'
import { warehouseIfThere } from './warehouse.ts'

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

/** What asking needs: of whom, and for which file. */
interface Asking {
  readonly call: Call
  readonly answerer: Answerer
  readonly target: Target
}

/** An objection after what it is about: `That is missing`, `"x" is no …`. */
const told = (subject: string, between: string, { message }: Objection): string =>
  /^is /.test(message) ? `${subject} ${message}` : `${between}${message}`

/** Objections to flags, or to what is suggested where a flag is left out and nobody can be asked. */
function wrongFlags(objections: readonly Objection[], { options }: Call): AlmanacError {
  const flagOf = ({ name }: Objection): string =>
    QUESTIONS.find((question) => question.name === name)?.flags.replace(/ .*/, '') ?? name
  const each = objections.map((objection) => told(flagOf(objection), `${flagOf(objection)}: `, objection))
  const isGiven = objections.every(({ name }) => textOption(options, name) !== undefined)
  return new AlmanacError('usage', each.join('; '), {
    next: isGiven
      ? 'Correct that, and run the command again.'
      : 'Give the flag with another value; where it was left out, its value is the environment’s or the usual one.',
  })
}

/** Asks until the answer will do, and says each time why one will not; `why` it is asked at all, when that needs saying. */
async function asked(
  { name, asks, suggested }: Question,
  answers: Answers,
  why: Objection | undefined,
  { call: { io }, answerer, target }: Asking,
): Promise<string> {
  const suggestion = suggested(answers, io.env) ?? ''
  const hint = suggestion === '' ? '' : ` [${suggestion}]`
  for (let objection = why; ; ) {
    if (objection !== undefined) await write(io.err, `${told('That', '', objection)}\n`)
    const answer = (await answerer.ask(`${asks}${hint}: `)) || suggestion
    objection = await objectionTo(name, { ...answers, [name]: answer }, target)
    if (objection === undefined) return answer
  }
}

const objectionTo = async (name: string, answers: Answers, target: Target): Promise<Objection | undefined> =>
  (await objectionsTo(target, answers)).find((objection) => objection.name === name)

/** The answer to one question: its flag, else what is typed, else what is suggested; undefined when there is none. */
async function answerTo(question: Question, answers: Answers, asking: Asking): Promise<string | undefined> {
  const { call, answerer, target } = asking
  const { name } = question
  const given = answers[name]
  const answer = given ?? question.suggested(answers, call.io.env)
  if (!answerer.isThere) return answer
  if (given === undefined && question.isAsked(answers)) return asked(question, answers, undefined, asking)
  if (answer === undefined) return undefined
  const objection = await objectionTo(name, { ...answers, [name]: answer }, target)
  if (objection === undefined) return answer
  if (given !== undefined) throw wrongFlags([objection], call)
  return asked(question, answers, objection, asking)
}

/** The answers that flags give. Throws `usage` for those that will not do, before anything is asked. */
async function givenAnswers({ call, target }: Asking): Promise<Answers> {
  const given = QUESTIONS.flatMap(({ name }) => {
    const text = textOption(call.options, name)
    return text === undefined ? [] : [[name, text.trim()] as const]
  })
  const answers = Object.fromEntries(given)
  const wrong = (await objectionsTo(target, answers)).filter(({ name }) => Object.hasOwn(answers, name))
  if (wrong.length > 0) throw wrongFlags(wrong, call)
  return answers
}

/**
 * All answers. Throws `usage`, naming every flag that is wrong, or every one that is missing where nobody can be asked.
 */
async function answersOf(asking: Asking): Promise<Answers> {
  const { call, target } = asking
  const answers: Record<string, string> = { config: target.path, ...(await givenAnswers(asking)) }
  const missing: string[] = []
  for (const question of QUESTIONS) {
    const answer = await answerTo(question, answers, asking)
    if (answer !== undefined) answers[question.name] = answer
    else if (question.isAsked(answers)) missing.push(question.flags)
  }
  if (missing.length > 0)
    throw new AlmanacError('usage', `nobody is there to ask, and these are missing: ${missing.join(', ')}`, {
      next: 'Give them as flags, or run "almanac init" on a terminal.',
    })
  const wrong = await objectionsTo(target, answers)
  if (wrong.length > 0) throw wrongFlags(wrong, call)
  return answers
}

/**
 * A session to look around with. Where the warehouse is there already, a night may be running by the same token, which a
 * sign-in would end: then it is under the lease that nights hold. Throws `lease-busy` when one does.
 */
async function lookAround(site: SiteConfiguration, { io }: Call, signal: AbortSignal) {
  const { systemClock: clock } = await import('../adapters/local/clock.ts')
  const emit: Emit = () => undefined
  const connect = (beforeSignIn: () => Promise<void>): Promise<Client> =>
    connectTo(site, io, { clock, emit, beforeSignIn, signal })
  const warehouse = await warehouseIfThere(site.warehouse, io)
  if (warehouse === undefined) {
    const client = await connect(() => Promise.resolve())
    return { client, close: () => client.close() }
  }
  const { borrowSession } = await import('../doctor/session.ts')
  const { store } = warehouse
  const run = `init-${newRun(clock.now())}`
  return borrowSession(await sessionOf(site), { store, clock, emit, run, connect, signal })
}

/** Signs in and out once, which proves address, network, secret and site. Answers what was found. */
async function tried(site: SiteConfiguration, call: Call, signal: AbortSignal): Promise<string> {
  const { client, close } = await lookAround(site, call, signal)
  const { server, productVersion, apiVersion, user } = client
  await close()
  const where = site.contentUrl === '' ? 'the default site' : `site ${site.contentUrl}`
  return `signed in to ${where} on ${server} (Tableau ${productVersion}, REST API ${apiVersion}) with the site role ${user.siteRole}`
}

/**
 * Tests the sign-in. What fails is told; whether the file is written all the same, only a person may say. Answers the
 * exit code of what failed when it is not to be written, else undefined.
 */
async function checkSignIn(
  call: Call,
  { site, path }: Draft,
  answerer: Answerer,
  signal: AbortSignal,
): Promise<number | undefined> {
  try {
    await note(call, await tried(site, call, signal))
    return undefined
  } catch (thrown) {
    signal.throwIfAborted()
    const error = asAlmanacError(thrown)
    if (!answerer.isThere) throw error
    await write(call.io.err, errorText(error, { io: call.io, isDebug: hasFlag(call.options, 'debug') }))
    if (/^y(es)?$/i.test(await answerer.ask('Write the file all the same? [y/N]: '))) return undefined
    await write(call.io.err, `nothing was written to ${path}\n`)
    return error.exit
  }
}

async function init(call: Call, answerer: Answerer, signal: AbortSignal): Promise<number> {
  const named = namedFile(call)
  const target = await openTarget(named ?? CONFIG_FILE, call.io.env)
  const draft = await draftOf(target, await answersOf({ call, answerer, target }))
  if (hasFlag(call.options, 'unchecked')) await note(call, 'the sign-in was not tested')
  else {
    const failed = await checkSignIn(call, draft, answerer, signal)
    if (failed !== undefined) return failed
  }
  const schema = await writeDraft(draft)
  const config = named === undefined ? '' : ` --config ${shellWord(named)}`
  await note(
    call,
    `${draft.path} ${draft.isAddition ? 'has' : 'is written, with'} the site ${draft.site.slug}${draft.isAddition ? ' now' : ''}; ${schema} lets an editor complete it`,
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
    { flags: '--config <file>', doc: `file to write (default: ALMANAC_CONFIG, else ${CONFIG_FILE})` },
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
