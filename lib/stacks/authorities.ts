import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { RemovalPolicy } from 'aws-cdk-lib'
import { Code, LayerVersion } from 'aws-cdk-lib/aws-lambda'
import type { Construct } from 'constructs'
import { AlmanacError } from '../core/errors.ts'
import { sha256 } from '../core/sha256.ts'
import { readAuthorities } from '../network/authorities.ts'
import { CACHE } from './bundle.ts'

const FILE = 'authorities.pem'

/** Where a function finds its site's authorities: layers are unpacked below `/opt`. */
export const AUTHORITIES = `/opt/${FILE}`

function certificatesIn(caFile: string): string {
  try {
    return readAuthorities(readFileSync(caFile, 'utf8'), caFile).join('')
  } catch (thrown) {
    if (thrown instanceof AlmanacError) throw thrown
    const why = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unknown'
    throw new AlmanacError('bad-configuration', `${caFile} (the CA file): reading failed (${why})`, {
      next: 'Correct the path of "caFile": what it holds is deployed with the functions.',
    })
  }
}

/**
 * The certificates of a site's CA file as a layer, since functions have no file of this machine. Throws `bad-configuration`
 * for a file that is not there or holds anything but certificates.
 */
export function authoritiesLayer(scope: Construct, caFile: string): LayerVersion {
  const pem = certificatesIn(caFile)
  const folder = join(CACHE, 'authorities', sha256(pem).slice(0, 16))
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, FILE), pem)
  return new LayerVersion(scope, 'Authorities', {
    description: 'The certificate authorities that the site’s server is trusted by',
    code: Code.fromAsset(folder),
    removalPolicy: RemovalPolicy.DESTROY,
  })
}
