import { AlmanacError, isError } from '../../lib/core/errors.ts'
import { load, rebuild } from '../../lib/load/load.ts'
import { changeNotice } from '../../lib/notify/memory.ts'
import { bindSite } from '../../lib/session/identity.ts'
import { takeLease } from '../../lib/session/lease.ts'
import { leaseKey } from '../../lib/session/lease-state.ts'
import { slowClock } from '../crash/slow-clock.ts'
import { isDerived, OF_STEPS } from './kinds.ts'
import { lookAtPublished } from './published.ts'
import { digestOf, type Stand, type Target, tableOf, truthOf } from './stand.ts'
import { readStep } from './steps.ts'
import { SESSION, SITE } from './world.ts'

/** What became of a damage: named before it was used, made good, of no consequence; or none of these. */
export type Outcome = 'stopped' | 'healed' | 'harmless' | 'silently wrong'

/** A damage's outcome, and what happened on the way, step by step. */
export interface Fate {
  readonly outcome: Outcome
  readonly trace: readonly string[]
}

/** Whether an error names one of these objects as damaged. */
export const names = (thrown: unknown, keys: readonly string[]): boolean =>
  // Without its ending: of a Parquet file that has no receipt beside it, the receipt is what is missed.
  isError(thrown, 'corrupt-object') && keys.some((key) => thrown.message.includes(key.replace(/\.\w+$/, '')))

/** What a step came to: all well, or told that a damaged object is in its way, or wrong without saying so. */
type Step = 'well' | 'told' | 'wrong'

const saidBy = (thrown: unknown): string =>
  thrown instanceof AlmanacError ? `${thrown.code}: ${thrown.message}` : String(thrown)

/** The steps of one trial as they are taken. */
function journal(hurt: readonly string[]) {
  const trace: string[] = []
  const steps: Step[] = []
  const note = (what: string, step: Step, more = ''): Step => {
    steps.push(step)
    trace.push(`${what}: ${step}${more}`)
    return step
  }
  return {
    trace,
    steps,
    note,
    take: async (what: string, work: () => Promise<Step>): Promise<Step> => {
      try {
        return note(what, await work())
      } catch (thrown) {
        return note(what, names(thrown, hurt) ? 'told' : 'wrong', `: ${saidBy(thrown)}`)
      }
    },
  }
}

type Journal = ReturnType<typeof journal>

/** Holds what is still damaged to this: whoever reads it is told so. */
async function readEach({ vault }: Stand, { hurt, isForged }: Target, { note }: Journal): Promise<void> {
  if (isForged === true) return
  for (const key of hurt) {
    await vault.store.read(key).then(
      () => note(`reading ${key}`, 'wrong', ', as if it were whole'),
      (thrown) => (names(thrown, [key]) ? undefined : note(`reading ${key}`, 'wrong', saidBy(thrown))),
    )
  }
}

function fateIn({ steps, trace }: Journal, isHealed: boolean): Fate {
  if (steps.includes('wrong')) return { outcome: 'silently wrong', trace }
  if (isHealed) return { outcome: 'healed', trace }
  return { outcome: steps.includes('told') ? 'stopped' : 'harmless', trace }
}

/** Asks the table that the damaged object is a part of. */
async function question(stand: Stand, target: Target, { take }: Journal): Promise<void> {
  const table = tableOf(target.kind, target.entity)
  if (table === undefined) return
  await take(`SELECT FROM ${table}`, async () =>
    (await digestOf(stand.vault, table)) === stand.answers.get(table) ? 'well' : 'wrong',
  )
}

/** Sees what questions, the next load and a rebuild make of a damaged object of an entity. */
async function fateOfStored(stand: Stand, target: Target): Promise<Fate> {
  const { vault, engine } = stand
  const { kind, hurt } = target
  const { entity, before, after, proven } = truthOf(stand, target)
  const book = journal(hurt)
  const look = async (what: string, isTold: boolean): Promise<boolean> => {
    const truths = isTold ? [before, after] : [after]
    const seen = await lookAtPublished({ vault, engine, entity, truths, proven }, (key, thrown) =>
      hurt.includes(key) ? names(thrown, hurt) : false,
    )
    book.note(`published ${what}`, seen.wrong.length === 0 ? 'well' : 'wrong', seen.wrong.join(', '))
    return seen.unreadable.length === 0
  }
  await question(stand, target, book)
  const [key = ''] = hurt
  if (OF_STEPS.includes(kind))
    await book.take(`the next step’s use of ${key}`, () => readStep(vault.store, key).then(() => 'wrong'))
  const loaded = await book.take('load', async () => {
    const { held } = await load(vault.store, engine, entity, SITE, 'trial')
    return held.some(({ reason }) => hurt.some((key) => reason.includes(key))) ? 'told' : 'well'
  })
  let isWhole = await look('after load', loaded === 'told')
  const isUsed = ['candidate', 'observation', 'manifest'].includes(kind) && loaded !== 'told'
  if (isDerived(kind) ? !isWhole : isUsed) {
    const rebuilt = await book.take('rebuild', async () => {
      await rebuild(vault.store, engine, entity, SITE)
      return 'well'
    })
    isWhole = await look('after rebuild', rebuilt === 'told')
  }
  const isHealed = isDerived(kind) && isWhole
  if (!isHealed) await readEach(stand, target, book)
  return fateIn(book, isHealed)
}

const ANOTHER_SITE = { format: 1, host: 'elsewhere.example', id: 'another', contentUrl: 'another' } as const

/** What uses the objects of a site: each throws when the object cannot be used. */
const USES: Readonly<Record<string, (stand: Stand, slug: string) => Promise<unknown>>> = {
  runs: ({ vault }) => digestOf(vault, 'runs'),
  site: ({ vault }, slug) => bindSite(vault.store, slug, ANOTHER_SITE),
  notice: ({ vault }, slug) => changeNotice(vault.store, slug, (notice) => ({ notice, result: undefined })),
  lease: async ({ vault }) => {
    const options = { store: vault.store, clock: slowClock(), emit: () => undefined, holder: 'trial' }
    return (await takeLease(leaseKey(SESSION), options)).release()
  },
}

/** Sees what those who use an object of the site make of it when it is damaged. */
async function fateOfSite(stand: Stand, target: Target): Promise<Fate> {
  const book = journal(target.hurt)
  const [key = ''] = target.hurt
  const slug = key.includes('other') ? 'other' : SITE
  await book.take(`use of ${target.kind}`, async () => {
    await USES[target.kind]?.(stand, slug)
    return target.kind === 'lease' ? 'well' : 'wrong'
  })
  const isReadable = await stand.vault.store.read(key).then(
    () => true,
    () => false,
  )
  const isHealed = isReadable && target.isForged !== true
  if (!isHealed) await readEach(stand, target, book)
  return fateIn(book, isHealed)
}

/** Sees what becomes of a damage. */
export const fateOf = (stand: Stand, target: Target): Promise<Fate> =>
  target.entity === undefined ? fateOfSite(stand, target) : fateOfStored(stand, target)

/** Sees that whoever reads a damaged object is told, and so is whoever wants a file of it for the engine. */
export async function refusalOf(stand: Stand, target: Target): Promise<Fate> {
  const book = journal(target.hurt)
  await readEach(stand, target, book)
  for (const key of target.hurt) {
    const info = await stand.vault.store.head(key)
    if (info === undefined) book.note(`looking for ${key}`, 'wrong', ', and it is gone')
    else
      await book.take(`the file of ${key}`, async () => {
        await stand.vault.shelf.file(info)
        return 'wrong'
      })
  }
  return fateIn(book, false)
}
