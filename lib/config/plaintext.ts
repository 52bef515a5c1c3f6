/** Why a text is refused that is a secret, or looks like one. */
export const NO_SECRETS =
  'a secret never stands in the file; name the environment variable, file or AWS secret that holds it'

/** What secrets look like that people paste: none of these is ever a name, a path or an address. */
const SECRETS: readonly RegExp[] = [
  // A personal access token's secret is Base64 and, after a colon, letters and digits; a connected app's is Base64 alone.
  /[A-Za-z0-9+/_-]{16,}={1,2}(:\S*)?$/,
  /-----BEGIN [A-Z ]*PRIVATE KEY/,
  // The path of a webhook's address is what lets a stranger write to the channel.
  /(hooks\.slack\.com|webhook\.office\.com|logic\.azure\.com|powerplatform\.com)(:\d+)?\//i,
  // user:password@host, also with a slash in the password, which no parser of URLs understands.
  /:\/\/[^\s/@:]*:[^\s@]+@/,
  // A JSON Web Token.
  /\beyJ[\w-]{8,}\.[\w-]{8,}\./,
]

/** Twenty characters without a break that hold letters and digits: perhaps a token nobody told us of. */
const TOKEN_LIKE = /(?=[A-Za-z0-9+/_=|-]*\d)(?=[A-Za-z0-9+/_=|-]*[A-Za-z])[A-Za-z0-9+/_=|-]{20,}/
/** Ids that open nothing: LUIDs of Tableau, and of AWS those of networks. */
const IDS = /\b([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|(subnet|sg)-[0-9a-f]{17})\b/gi

const SECRET_NAME = /secret|passw|passphrase|token|credential|private_?key|api_?key|webhook/i
/** `secretId` and `tokenName` name a thing and open nothing; `awsSecret` says where a secret is kept. */
const HARMLESS_NAME = /^awsSecret$|(id|name|kind|file|env|expires)$/i

/** Whether a text looks like a secret: part of a token, a private key, a webhook, an address with a password in it. */
export const looksSecret = (text: string): boolean => SECRETS.some((shape) => shape.test(text))

/** Whether what stands under this property name is a secret, unless it is a reference to one. */
export const isSecretName = (name: string): boolean => SECRET_NAME.test(name) && !HARMLESS_NAME.test(name)

/** Whether a message may repeat a text: nothing in it looks like a token or like credentials before a host. */
export const mayShow = (text: string): boolean =>
  !looksSecret(text) && !/:.*@/s.test(text) && !TOKEN_LIKE.test(text.replace(IDS, ''))
