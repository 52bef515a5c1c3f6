import { isDenied } from '../package/deny-list.ts'

/** An entry of package-lock.json, as npm writes it; only what is looked at. */
export interface LockEntry {
  readonly name?: string
  readonly version?: string
  readonly resolved?: string
  readonly integrity?: string
  readonly license?: string
  readonly link?: boolean
  readonly dev?: boolean
  readonly inBundle?: boolean
  readonly hasInstallScript?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

/** A lock file, as npm writes it. */
export interface Lock {
  readonly lockfileVersion: number
  readonly packages: Readonly<Record<string, LockEntry>>
}

/** Packages that may have an install script, and why. The installation runs none; a new one is to be looked at all the same. */
export const INSTALL_SCRIPTS: Readonly<Record<string, string>> = {
  esbuild: 'puts the binary in the place of a script that starts it, which saves a process; works without',
  fsevents: 'builds for macOS, where it is optional',
}

/** Licences under which a package may run with Almanac: they ask for their text to be kept, and for nothing else. */
export const LICENCES: readonly string[] = [
  'MIT',
  'Apache-2.0',
  'ISC',
  '0BSD',
  'BSD-2-Clause',
  'BSD-3-Clause',
]

/** So many packages may run with Almanac directly; one more is a decision. */
export const MOST_DIRECT = 14

const EXACT = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/
const SHA512 = /^sha512-[A-Za-z0-9+/]{86}==$/

const nameAt = (path: string, { name }: LockEntry): string => name ?? path.replace(/^.*node_modules\//, '')

/** Packages that may bring others inside their own archive, whose hash is theirs, too; all of them for development alone. */
const BRING_OTHERS = ['aws-cdk-lib', '@aws-cdk/cloud-assembly-schema']

const isBrought = (path: string, { inBundle, dev }: LockEntry): boolean =>
  inBundle === true && dev === true && BRING_OTHERS.some((name) => path.startsWith(`node_modules/${name}/`))

/** A rule with what it has against an entry; undefined for nothing. */
type Rule = (path: string, entry: LockEntry) => string | undefined

const RULES: readonly Rule[] = [
  (path) =>
    /^(node_modules\/(@[a-z0-9._-]+\/)?[a-zA-Z0-9._-]+\/?)+$/.test(path) && !path.includes('/..')
      ? undefined
      : 'stands in no folder of packages',
  (_, { link }) => (link === true ? 'is a link to a folder' : undefined),
  (path, entry) =>
    entry.inBundle === true && !isBrought(path, entry)
      ? 'comes inside another package, unseen by any hash of its own'
      : undefined,
  (_, { version = '' }) => (EXACT.test(version) ? undefined : `has no exact version: "${version}"`),
  (path, entry) =>
    SHA512.test(entry.integrity ?? '') || isBrought(path, entry)
      ? undefined
      : `has no SHA-512: "${entry.integrity ?? ''}"`,
  // No entry names a place of its own: all come from the one registry that npm is set to, and their hashes say what they are.
  (_, { resolved }) => (resolved === undefined ? undefined : `comes from ${resolved}`),
  (path, entry) =>
    isDenied({ name: nameAt(path, entry), version: entry.version ?? '' })
      ? `${entry.version} is on the deny list`
      : undefined,
  (path, entry) =>
    entry.hasInstallScript === true && INSTALL_SCRIPTS[nameAt(path, entry)] === undefined
      ? 'has an install script'
      : undefined,
  (_, { dev, license = 'none' }) =>
    dev === true || LICENCES.includes(license) ? undefined : `has the licence ${license}`,
]

/** What stands directly in package.json, as the lock file repeats it. */
const asked = ({ packages }: Lock): readonly (readonly [string, string])[] => {
  const { dependencies = {}, devDependencies = {}, optionalDependencies = {} } = packages[''] ?? {}
  return Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies })
}

/** Everything that a lock file may not have, one line each. */
export function lockFlaws(lock: Lock): readonly string[] {
  const entries = Object.entries(lock.packages).filter(([path]) => path !== '')
  const inEntries = entries.flatMap(([path, entry]) =>
    RULES.flatMap((rule) => rule(path, entry) ?? []).map((flaw) => `${path} ${flaw}`),
  )
  const inAsked = asked(lock).flatMap(([name, version]) => {
    if (!EXACT.test(version)) return [`${name} is asked for as "${version}"`]
    const { version: got } = lock.packages[`node_modules/${name}`] ?? {}
    return got === version ? [] : [`${name} is asked for as ${version}, and locked as ${got}`]
  })
  const direct = Object.keys(lock.packages['']?.dependencies ?? {}).length
  return [
    ...(lock.lockfileVersion === 3 ? [] : [`the lock file has version ${lock.lockfileVersion}`]),
    ...(direct <= MOST_DIRECT
      ? []
      : [`there are ${direct} direct dependencies, and ${MOST_DIRECT} are agreed`]),
    ...inAsked,
    ...inEntries,
  ]
}
