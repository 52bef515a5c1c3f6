import { KeyObject, webcrypto } from 'node:crypto'
import type { TlsFiles } from './listening.ts'

/** The library asks for a polyfill of decorators' metadata, of which it uses nothing: emptiness will do. */
function pretendMetadata(): void {
  const nothing = (): undefined => undefined
  const names = ['getMetadata', 'getOwnMetadata', 'hasOwnMetadata', 'defineMetadata']
  for (const name of names) if (!Reflect.has(Reflect, name)) Object.assign(Reflect, { [name]: nothing })
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

const keyInPem = (key: webcrypto.CryptoKey): string =>
  KeyObject.from(key).export({ type: 'pkcs8', format: 'pem' }).toString()

/** A key and a certificate for `localhost` that signed itself, good from yesterday until tomorrow. */
export async function selfSigned(): Promise<TlsFiles> {
  pretendMetadata()
  const x509 = await import('@peculiar/x509')
  const keys = (await webcrypto.subtle.generateKey(ALGORITHM, true, [
    'sign',
    'verify',
  ])) as webcrypto.CryptoKeyPair
  const day = 24 * 60 * 60 * 1000
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=localhost',
    notBefore: new Date(Date.now() - day),
    notAfter: new Date(Date.now() + day),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: 'localhost' }]),
    ],
  })
  return { key: keyInPem(keys.privateKey), cert: certificate.toString('pem') }
}
