import type { Mistake } from '../config/mistake.ts'
import { slugFor } from '../config/slug.ts'
import { serverOf } from '../config/value.ts'
import { AlmanacError } from '../core/errors.ts'
import { contentOf, NAMES, type Target, textOf } from './init-file.ts'
import { type Answers, notifyIn, referenceIn, withoutPage } from './init-questions.ts'

/** What is wrong with an answer, after its name: `is missing; …`, `"x" is no …`. Never repeats a secret. */
export interface Objection {
  /** Of the question. */
  readonly name: string
  readonly message: string
}

/** Places in a site, or at the top, that have another name than the question that fills them. */
const QUESTION_AT: Readonly<Record<string, string>> = {
  site: 'tableauSite',
  'signIn.kind': 'signIn',
  'signIn.name': 'patName',
  'signIn.clientId': 'clientId',
  'signIn.secretId': 'secretId',
  'signIn.issuer': 'issuer',
  'signIn.keyId': 'keyId',
  'signIn.tenantId': 'tenantId',
  'signIn.user': 'user',
  'signIn.secret': 'secret',
  'signIn.privateKey': 'secret',
  'signIn.password': 'secret',
  'proxy.user': 'proxyUser',
  'proxy.password': 'proxyPassword',
}

function objectionOf({ path, message }: Mistake): Objection {
  const [field = '', below] = path[0] === 'sites' ? path.slice(2) : path
  return { name: QUESTION_AT[`${field}.${below}`] ?? QUESTION_AT[field] ?? String(field), message }
}

/** Texts that are no reference at all, so that the file has nothing of them. */
function formObjections({ secret = '', proxyPassword = '', notify = '' }: Answers): readonly Objection[] {
  const message =
    'is no place where the secret is kept; it takes env:VARIABLE, file:PATH or aws:NAME, never the secret itself'
  const webhook =
    'is no kind and place of a webhook’s address; it takes slack=env:VARIABLE, teams=file:PATH or json=aws:NAME'
  const wrong = Object.entries({ secret, proxyPassword }).filter(
    ([, text]) => text !== '' && referenceIn(text) === undefined,
  )
  const isWrong = notify !== '' && notifyIn(notify) === undefined
  return [
    ...wrong.map(([name]) => ({ name, message })),
    ...(isWrong ? [{ name: 'notify', message: webhook }] : []),
  ]
}

/** What the sites that are there have against one more. */
function siteObjections({ path, sites }: Target, answers: Answers): readonly Objection[] {
  const { server = '', tableauSite, slug } = answers
  if (tableauSite === undefined) return []
  const address = serverOf(withoutPage(server))
  const same = sites.find((site) => site.server === address && site.contentUrl === tableauSite)
  if (same !== undefined)
    return [{ name: 'tableauSite', message: `server and site are in ${path} already (slug "${same.slug}")` }]
  const own = slug || slugFor(tableauSite)
  if (!sites.some((site) => site.slug === own)) return []
  return [{ name: 'slug', message: `"${own}" is the slug of another site in ${path}; each takes its own` }]
}

async function fileObjections(target: Target, answers: Answers): Promise<readonly Objection[]> {
  const [{ readDocument }, { secretMistakes, shapeMistakes }, { acrossMistakes }, { fileShape }] =
    await Promise.all([
      import('../config/document.ts'),
      import('../config/issues.ts'),
      import('../config/across.ts'),
      import('../config/shape.ts'),
    ])
  const { root, value } = readDocument(textOf(contentOf(target, answers)))
  if (root === undefined) throw new AlmanacError('internal', `what ${target.path} would hold is no JSON`)
  const { error } = fileShape(NAMES).safeParse(value, { jitless: true })
  // That a site is there twice is said by the question that makes it so.
  const across = acrossMistakes(value, root, NAMES).filter(({ path }) => path.at(-1) !== 'server')
  return [...secretMistakes(root), ...shapeMistakes(error?.issues ?? [], root), ...across].map(objectionOf)
}

/** All that is wrong with these answers, one objection to each at most. What is not answered yet is missing. */
export async function objectionsTo(target: Target, answers: Answers): Promise<readonly Objection[]> {
  const all = [
    ...formObjections(answers),
    ...siteObjections(target, answers),
    ...(await fileObjections(target, answers)),
  ]
  return all.filter(({ name }, i) => all.findIndex((each) => each.name === name) === i)
}
