import type { SignInConfiguration, SiteConfiguration } from '../config/configuration.ts'
import { asAlmanacError } from '../core/errors.ts'
import { type SecretReference, secretPlace } from '../core/secret.ts'
import { fail, ok, type Step, warn } from './check.ts'
import { type DoctorPorts, type DoctorSubject, entitiesOn } from './subject.ts'

const KINDS: Readonly<Record<SignInConfiguration['kind'], string>> = {
  pat: 'personal access token',
  'connected-app': 'connected app',
  uat: 'unified access token',
  password: 'user name and password',
}

function signInName(signIn: SignInConfiguration): string {
  switch (signIn.kind) {
    case 'pat':
      return `"${signIn.name}"`
    case 'password':
      return `"${signIn.user}"`
    case 'connected-app':
      return `"${signIn.clientId}" for "${signIn.user}"`
    case 'uat':
      return `of "${signIn.issuer}" for "${signIn.user}"`
  }
}

/** A kind of sign-in in words, with the name it goes by; of what signs in for a user, that user too. */
export const signInWords = (signIn: SignInConfiguration): string =>
  `${KINDS[signIn.kind]} ${signInName(signIn)}`

/** A site by its content URL, in words. */
export const siteWords = (contentUrl: string): string =>
  contentUrl === '' ? 'the default site' : `site "${contentUrl}"`

/** Where the configuration comes from, and which site is looked at. Whoever has a subject has read it. */
export function configuration(subject: DoctorSubject): Step<true> {
  const { source, sites, site } = subject
  const where = `${source}: ${sites.length === 1 ? '1 site' : `${sites.length} sites`}`
  const what = `"${site.slug}" is ${siteWords(site.contentUrl)} on ${site.server}`
  const on = `${entitiesOn(subject).length} of ${subject.entities.length} entities`
  return ok('configuration', `${where}; ${what}, ${on}, days in ${site.timeZone}`, true)
}

/** What a secret is for, and so which checks cannot be done without it. */
export type SecretUse = 'sign-in' | 'proxy' | 'notification'

interface NeededSecret {
  readonly use: SecretUse
  readonly reference: SecretReference
}

function signInSecret(signIn: SignInConfiguration): SecretReference {
  if (signIn.kind === 'uat') return signIn.privateKey
  return signIn.kind === 'password' ? signIn.password : signIn.secret
}

function neededBy({ signIn, proxy, notify }: SiteConfiguration): readonly NeededSecret[] {
  const password = typeof proxy === 'object' ? proxy.password : undefined
  return [
    { use: 'sign-in', reference: signInSecret(signIn) },
    ...(password === undefined ? [] : [{ use: 'proxy' as const, reference: password }]),
    ...notify.map(({ url }) => ({ use: 'notification' as const, reference: url })),
  ]
}

/** A secret that is not where the configuration says. */
export interface MissingSecret extends NeededSecret {
  readonly message: string
  readonly next: string
}

/** Whether every secret is where the configuration says; found are those that are not. */
export async function secrets(
  { site }: DoctorSubject,
  ports: DoctorPorts,
): Promise<Step<readonly MissingSecret[]>> {
  const needed = neededBy(site)
  const read = async (each: NeededSecret): Promise<readonly MissingSecret[]> => {
    try {
      await ports.secrets.read(each.reference)
      return []
    } catch (thrown) {
      ports.signal?.throwIfAborted()
      const { message, next } = asAlmanacError(thrown)
      return [{ ...each, message: `${each.use}: ${message}`, next }]
    }
  }
  const missing = (await Promise.all(needed.map(read))).flat()
  const [first] = missing
  if (first !== undefined)
    return fail('secrets', missing.map(({ message }) => message).join('; '), first.next, missing)
  const places = [...new Set(needed.map(({ reference }) => secretPlace(reference)))]
  return ok('secrets', `all are there: ${places.join(', ')}`, missing)
}

/** Whether somebody answers for the job. */
export function owner({ site }: DoctorSubject): Step<true> {
  if (site.owner !== undefined) return ok('owner', site.owner, true)
  return warn(
    'owner',
    'nobody is named who answers for this job',
    'Name a team with "owner" in the configuration file, or in ALMANAC_OWNER.',
    true,
  )
}
