import './reflection.ts'
import { webcrypto } from 'node:crypto'
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  type JsonGeneralName,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const DAY = 86_400_000

/** A certificate with its key. */
export interface Issued {
  readonly pem: string
  readonly key: string
  readonly certificate: X509Certificate
  readonly keys: webcrypto.CryptoKeyPair
}

/** Key and chain, as a TLS server is given them. */
export interface ServerTls {
  readonly key: string
  readonly cert: string
}

interface Wanted {
  readonly name: string
  /** Undefined: signs itself. */
  readonly by?: Issued
  /** Host names and IP addresses; none for an authority. */
  readonly hosts?: readonly string[]
  /** Days from now. */
  readonly from?: number
  readonly to?: number
}

async function pemOf(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key))
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`
}

const generalName = (host: string): JsonGeneralName =>
  /^[\d.]+$/.test(host) ? { type: 'ip', value: host } : { type: 'dns', value: host }

const extensionsFor = (hosts: readonly string[] | undefined): Extension[] =>
  hosts === undefined
    ? [
        new BasicConstraintsExtension(true, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      ]
    : [
        new BasicConstraintsExtension(false, undefined, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
        new SubjectAlternativeNameExtension(hosts.map(generalName)),
      ]

/** Makes a certificate, valid from yesterday for a year unless said otherwise. */
export async function issue({ name, by, hosts, from = -1, to = 365 }: Wanted): Promise<Issued> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  const certificate = await X509CertificateGenerator.create({
    subject: `CN=${name}`,
    issuer: `CN=${by === undefined ? name : by.certificate.subjectName.getField('CN')[0]}`,
    notBefore: new Date(Date.now() + from * DAY),
    notAfter: new Date(Date.now() + to * DAY),
    publicKey: keys.publicKey,
    signingKey: (by?.keys ?? keys).privateKey,
    signingAlgorithm: ALGORITHM,
    extensions: extensionsFor(hosts),
  })
  return { pem: `${certificate.toString('pem')}\n`, key: await pemOf(keys.privateKey), certificate, keys }
}

/** As a server shows it: its own certificate, and those that it sends behind it. */
export const serverTls = (own: Issued, ...sent: readonly Issued[]): ServerTls => ({
  key: own.key,
  cert: [own, ...sent].map(({ pem }) => pem).join(''),
})

const HERE = ['127.0.0.1', 'localhost']

/** A company's authorities, and servers with certificates good and bad. */
export interface Authority {
  readonly root: Issued
  readonly issuing: Issued
  /** For 127.0.0.1 and localhost, with its chain. */
  readonly good: ServerTls
  readonly bad: Readonly<Record<'expired' | 'early' | 'elsewhere' | 'alone' | 'withRoot', ServerTls>>
  readonly selfSigned: ServerTls
}

/** Makes it all anew; a few milliseconds a certificate. */
export async function makeAuthority(): Promise<Authority> {
  const root = await issue({ name: 'Corp Root CA' })
  const issuing = await issue({ name: 'Corp Issuing CA 2', by: root })
  const leaf = (changes: Partial<Wanted> = {}) =>
    issue({ name: 'tableau.corp', by: issuing, hosts: HERE, ...changes })
  const good = await leaf()
  return {
    root,
    issuing,
    good: serverTls(good, issuing),
    bad: {
      expired: serverTls(await leaf({ from: -30, to: -2 }), issuing),
      early: serverTls(await leaf({ from: 2 }), issuing),
      elsewhere: serverTls(await leaf({ hosts: ['other.example.com', '10.1.2.3'] }), issuing),
      alone: serverTls(good),
      withRoot: serverTls(good, issuing, root),
    },
    selfSigned: serverTls(await issue({ name: 'tableau.corp', hosts: HERE })),
  }
}
