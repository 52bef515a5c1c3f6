import { createHmac, timingSafeEqual, verify } from 'node:crypto'
import { type Refused, refused } from './refusal.ts'

/** A connected app with direct trust. A disabled one is as good as none. */
export type ConnectedApp = { clientId: string; secretId: string; secret: string; enabled?: boolean }

/** A configuration for unified access tokens: the public key in PEM, and the claim that holds the user's name. */
export type Uat = { issuer: string; keyId: string; publicKey: string; tenantId: string; userClaim: string }

/** Whom a token stands for, and what for. `id` is good for one sign-in. */
export type Bearer = { user: string; scopes: readonly string[]; id: string }

type Json = Readonly<Record<string, unknown>>
type Token = { header: Json; claims: Json; signed: string; signature: Buffer }

const LONGEST_SECONDS = 600
const TENANT_CLAIM = 'https://tableau.com/tenantId'

/**
 * 401001 with the number that says why (Tableau help, Troubleshoot Connected Apps): 5 no such user, 16 login failed,
 * 126 no such app, 127 no such secret, 10083 header, 10084 content, 10085 no key, 10096 valid for too long.
 * Which number a wrong signature gets is not documented; 127 is about the secret's ID and value, 10083 stands for the rest.
 */
export const badToken = (number: 5 | 16 | 126 | 127 | 10083 | 10084 | 10085 | 10096): Refused =>
  refused(401001, `Error signing in to Tableau Server (${number})`)

const isJson = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const jsonOf = (part: string): Json => {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
    if (isJson(value)) return value
  } catch {
    // Said below, as for JSON that is no object.
  }
  throw badToken(10084)
}

const tokenOf = (text: string): Token => {
  const [header = '', claims = '', signature, ...more] = text.split('.')
  if (signature === undefined || more.length > 0) throw badToken(10084)
  return {
    header: jsonOf(header),
    claims: jsonOf(claims),
    signed: `${header}.${claims}`,
    signature: Buffer.from(signature, 'base64url'),
  }
}

const textOf = (claims: Json, name: string): string => {
  const value = claims[name]
  if (typeof value !== 'string' || value === '') throw badToken(10084)
  return value
}

const checkTimes = ({ exp, iat, nbf }: Json, now: number): void => {
  if (typeof exp !== 'number') throw badToken(10084)
  if (exp <= now || (typeof nbf === 'number' && nbf > now)) throw badToken(16)
  const from = typeof iat === 'number' ? Math.min(iat, now) : now
  if (exp - from > LONGEST_SECONDS) throw badToken(10096)
}

const scopesOf = ({ scp }: Json): readonly string[] => {
  const scopes = Array.isArray(scp) ? scp.filter((scope) => typeof scope === 'string') : []
  if (scopes.length === 0) throw badToken(10084)
  return scopes
}

const sameBytes = (a: Buffer, b: Buffer): boolean => a.length === b.length && timingSafeEqual(a, b)

const bearerOf = (claims: Json, userClaim: string, now: number): Bearer => {
  checkTimes(claims, now)
  const id = `${textOf(claims, 'iss')} ${textOf(claims, 'jti')}`
  return { user: textOf(claims, userClaim), scopes: scopesOf(claims), id }
}

/** Checks a connected app's token at a time in milliseconds. Refuses with 401001 and a number. */
export const appBearer = (text: string, apps: readonly ConnectedApp[], nowMs: number): Bearer => {
  const { header, claims, signed, signature } = tokenOf(text)
  if (header['alg'] !== 'HS256') throw badToken(10083)
  const app = apps.find(({ clientId, enabled }) => clientId === claims['iss'] && enabled !== false)
  if (app === undefined) throw badToken(126)
  if (header['iss'] !== app.clientId) throw badToken(10083)
  const right = createHmac('sha256', app.secret).update(signed).digest()
  if (header['kid'] !== app.secretId || !sameBytes(signature, right)) throw badToken(127)
  if (![claims['aud']].flat().includes('tableau')) throw badToken(10084)
  return bearerOf(claims, 'sub', nowMs / 1000)
}

/** Checks a unified access token at a time in milliseconds. Refuses with 401001 and a number. */
export const uatBearer = (text: string, uats: readonly Uat[], nowMs: number): Bearer => {
  const { header, claims, signed, signature } = tokenOf(text)
  if (header['alg'] !== 'RS256') throw badToken(10083)
  const uat = uats.find(({ issuer, keyId }) => issuer === claims['iss'] && keyId === header['kid'])
  if (uat === undefined) throw badToken(10085)
  if (!verify('RSA-SHA256', Buffer.from(signed), uat.publicKey, signature)) throw badToken(10083)
  if (claims[TENANT_CLAIM] !== uat.tenantId) throw badToken(10084)
  return bearerOf(claims, uat.userClaim, nowMs / 1000)
}
