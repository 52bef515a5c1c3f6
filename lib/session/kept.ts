import type { Vault } from '../core/ports.ts'
import type { Generation } from '../tableau/resume.ts'
import type { KeptSession } from '../tableau/session-facts.ts'
import { sessionToken } from '../tableau/token.ts'

/** What a vault keeps of a run's session. */
export interface Kept extends Generation {
  readonly run: string
  /** How many turns of the run renewed a session up to this one. */
  readonly renewals: number
  /** By the clock of whoever signed in, milliseconds since 1970 UTC. */
  readonly signedInAt: number
}

/** A kept session as text: the one form in which its token leaves memory, and only for a vault. */
const textOf = (kept: Kept): string =>
  JSON.stringify({
    format: 1,
    kept: { ...kept, session: { ...kept.session, token: kept.session.token.reveal() } },
  })

type Told = Omit<Kept, 'session'> & {
  readonly session: Omit<KeptSession, 'token'> & { readonly token: string }
}

/** What a text keeps; undefined when that is nothing that this version wrote: the next to open writes it anew. */
function keptIn(text: string): Kept | undefined {
  const told = toldIn(text)
  if (told === undefined) return undefined
  const { token, site, clockSkewMs } = told.session
  return { ...told, session: { ...told.session, clockSkewMs, token: sessionToken(token, site) } }
}

/** The parser's own error would quote the text. */
function toldIn(text: string): Told | undefined {
  try {
    const value: unknown = JSON.parse(text)
    const isOurs = typeof value === 'object' && value !== null && 'format' in value && value.format === 1
    return isOurs && 'kept' in value && value.kept !== null ? (value.kept as Told) : undefined // what `textOf` made
  } catch {
    return undefined
  }
}

/** The session that a vault keeps for a run; undefined when it keeps none, or another run's. */
export async function readKept(vault: Vault, run: string): Promise<Kept | undefined> {
  const text = await vault.read()
  const kept = text === undefined ? undefined : keptIn(text)
  return kept?.run === run ? kept : undefined
}

/** Keeps a session in a vault. */
export const keep = (vault: Vault, kept: Kept): Promise<void> => vault.write(textOf(kept))

/** Keeps nothing in a vault any more. What Secrets Manager remembers of the text before holds a token that has ended. */
export const empty = (vault: Vault): Promise<void> => vault.write(JSON.stringify({ format: 1, kept: null }))
