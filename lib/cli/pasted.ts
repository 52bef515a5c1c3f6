import { SECRET_VARIABLES } from '../config/environment.ts'
import { looksSecret } from '../config/plaintext.ts'
import { hideFromNowOn } from '../core/redact.ts'
import type { Io } from './io.ts'

/** Variables that hold a secret and nothing else. */
const VARIABLES = [...SECRET_VARIABLES, 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN']
/** Shorter ones are words and numbers, too. */
const SHORTEST = 8
/** What stands between `user:` and `@` of an address. */
const PASSWORD = /:\/\/[^\s/@:]*:(\S+)@/

const secretsIn = (env: Io['env']): readonly string[] =>
  VARIABLES.map((name) => (env[name] ?? '').trim()).filter((value) => value.length >= SHORTEST)

/** Whether a text is a secret: it looks like one, or a variable for secrets holds it too. */
export const isSecret = (text: string, { env }: Pick<Io, 'env'>): boolean =>
  looksSecret(text) || secretsIn(env).includes(text.trim())

/** The words of a call, without the option or the quotes that they stand behind; a key in PEM is one of many lines. */
const wordsOf = (text: string): readonly string[] =>
  text.includes('-----BEGIN') ? [text] : text.replace(/^--?[\w-]+=/, '').split(/[\s'"]+/)

/**
 * Keeps secrets from showing that somebody pasted where none is taken: among the arguments, or into a variable of
 * Almanac's that is not for secrets.
 */
export function hidePasted(argv: readonly string[], { env }: Pick<Io, 'env'>): void {
  const ours = Object.entries(env).flatMap(([name, value = '']) =>
    /^(ALMANAC|TABLEAU)_/.test(name) && !VARIABLES.includes(name) ? value : [],
  )
  const words = [...argv, ...ours].flatMap(wordsOf).filter(looksSecret)
  // Of an address as a whole, what stands before its host is taken for no part of the secret.
  const passwords = words.flatMap((word) => PASSWORD.exec(word)?.[1] ?? [])
  const held = secretsIn(env).filter((value) => argv.some((text) => text.includes(value)))
  for (const secret of [...words, ...passwords, ...held]) hideFromNowOn(secret)
}
