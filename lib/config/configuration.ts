import type { SecretReference } from '../core/secret.ts'
import type { EnvironmentsOfFile } from './aws-shape.ts'

/** Who signs in, with references where the secrets are. See the identities of the room `tableau`. */
export type SignInConfiguration =
  | {
      readonly kind: 'pat'
      readonly name: string
      readonly secret: SecretReference
      readonly expires?: string
    }
  | {
      readonly kind: 'connected-app'
      readonly clientId: string
      readonly secretId: string
      readonly secret: SecretReference
      readonly user: string
    }
  | {
      readonly kind: 'uat'
      readonly issuer: string
      readonly keyId: string
      readonly privateKey: SecretReference
      readonly user: string
      readonly userClaim: string
      readonly tenantId: string
    }
  | { readonly kind: 'password'; readonly user: string; readonly password: SecretReference }

/** A proxy, with a reference to its password. */
export interface ProxyConfiguration {
  readonly url: string
  readonly user?: string
  readonly password?: SecretReference
}

/** Whom to tell of nights that are not whole: a webhook, whose address is a secret of its own. */
export interface NotifyTarget {
  readonly kind: 'slack' | 'teams' | 'json'
  readonly url: SecretReference
}

/** How long each phase of a call to Tableau may take, in seconds. */
export interface TimeoutConfiguration {
  readonly connect: number
  readonly headers: number
  readonly idle: number
  readonly whole: number
}

/** One site, with every default filled in. */
export interface SiteConfiguration {
  readonly slug: string
  /** `https://host[:port]`, checked. */
  readonly server: string
  /** '' is Server's default site. */
  readonly contentUrl: string
  /** IANA name; decides which day a night belongs to. */
  readonly timeZone: string
  /** Names of the entities that are switched on, in the registry's order. */
  readonly entities: readonly string[]
  /** Calls in flight at most. */
  readonly concurrency: number
  /** Entities of which a constant surplus counts as complete. */
  readonly acceptSurplus: readonly string[]
  /** Entities that are kept although the site role shows only a part of them. */
  readonly acceptNarrowed: readonly string[]
  /** A folder (absolute) or `s3://bucket/prefix`. */
  readonly warehouse: string
  /** Who answers for the job; undefined only when the environment is all the configuration there is. */
  readonly owner: string | undefined
  readonly notify: readonly NotifyTarget[]
  readonly signIn: SignInConfiguration
  /** `direct`: none, whatever the environment says. Undefined: the environment decides. */
  readonly proxy: ProxyConfiguration | 'direct' | undefined
  /** PEM file (absolute) of authorities trusted beside Node's own. */
  readonly caFile: string | undefined
  readonly timeouts: TimeoutConfiguration
}

/** Every site that is configured, and where that was said: a file's path, or `the environment`. */
export interface Configuration {
  readonly source: string
  readonly sites: readonly SiteConfiguration[]
  /** Environments on AWS, as the file has them; `deploymentsOf` fills them in. */
  readonly aws?: EnvironmentsOfFile
}
