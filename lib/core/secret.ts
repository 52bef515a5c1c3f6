import { hideFromNowOn } from './redact.ts'

const HIDDEN = '[hidden]'

/** A value that must never show. Printed, logged, inspected or made JSON of, it reads `[hidden]`. */
export interface Secret {
  /** The value itself, for the one place that needs it. */
  reveal(): string
  toString(): string
  toJSON(): string
}

/**
 * Wraps a value so that it redacts itself; it stands in a closure and in no property. No error and no event of this process
 * shows it from now on, whoever repeats it; `opens` is what of it is secret, where a part is known to everybody.
 */
export function secretOf(value: string, opens: string = value): Secret {
  hideFromNowOn(opens)
  const hidden = (): string => HIDDEN
  return Object.freeze({
    reveal: () => value,
    toString: hidden,
    toJSON: hidden,
    // What console.log and the inspector call (Node.js documentation, util.inspect.custom).
    [Symbol.for('nodejs.util.inspect.custom')]: hidden,
  })
}

/** Where a secret is kept. Configuration holds such references, never a secret itself. */
export type SecretReference =
  | { readonly env: string }
  | { readonly file: string }
  /** Name or ARN of a secret in AWS Secrets Manager; `field` picks one value of a JSON secret. */
  | { readonly awsSecret: string; readonly field?: string | undefined; readonly region?: string | undefined }

/** A reference as messages name it: `environment variable X`, `file X`, `AWS secret X`. Two places have two names. */
export function secretPlace(reference: SecretReference): string {
  if ('env' in reference) return `environment variable ${reference.env}`
  if ('file' in reference) return `file ${reference.file}`
  const field = reference.field === undefined ? '' : `, field ${reference.field}`
  // One name may stand for another secret in another region.
  const region = reference.region === undefined ? '' : `, region ${reference.region}`
  return `AWS secret ${reference.awsSecret}${field}${region}`
}
