import * as z from 'zod'
import type { Issue } from './field.ts'
import { NO_SECRETS } from './plaintext.ts'
import { REGION, REGION_NOUN } from './value.ts'
import { shown, unknown } from './words.ts'

const REFERENCE = 'a reference: { "env": "…" }, { "file": "…" } or { "awsSecret": "…" }'

/** A field of a reference; its value is never repeated, since people put the secret itself there. */
const pointer = (noun: string, pattern: RegExp) => {
  const words = {
    error: ({ input }: Issue) =>
      input === undefined ? `is missing; it takes ${noun}` : `is ${noun.replace(/^an? /, 'no ')}`,
  }
  return z.string(words).regex(pattern, words)
}

const KINDS = ['env', 'file', 'awsSecret'] as const

const POINTERS = {
  env: pointer(
    'a name of an environment variable: upper-case letters, digits and _',
    /^[A-Z_][A-Z0-9_]{0,127}$/,
  ).meta({
    description: 'Name of the environment variable that holds the secret.',
    examples: ['TABLEAU_PAT_SECRET'],
  }),
  file: pointer(
    'a path of a file, beginning with neither ~ nor a URL’s scheme',
    /^(?!~)(?![A-Za-z][A-Za-z0-9+.-]+:\/\/)\S(.*\S)?$/,
  ).meta({
    description:
      'File that holds the secret and nothing else; a line break at its end does not count. Relative to the folder of the configuration.',
    examples: ['/run/secrets/tableau-pat'],
  }),
  awsSecret: pointer(
    'a name or ARN of a secret in AWS Secrets Manager',
    /^[A-Za-z0-9/_+=.@:-]{1,2048}$/,
  ).meta({
    description: 'Name or ARN of a secret in AWS Secrets Manager.',
    examples: ['almanac/marketing'],
  }),
  field: pointer('a name of a field in the secret’s JSON', /^\S(.*\S)?$/).meta({
    description: 'With `awsSecret`: which value of a secret that is a JSON object.',
    examples: ['patSecret'],
  }),
  region: pointer(REGION_NOUN, REGION).meta({
    description:
      'With `awsSecret`: the region it lies in, unless that is AWS’s own configuration or the ARN’s.',
    examples: ['eu-central-1'],
  }),
}

const given = (reference: object): readonly string[] => KINDS.filter((kind) => Object.hasOwn(reference, kind))

/** A text or a number that stands where a reference must is the secret itself. */
const referenceWords = {
  error: (issue: Issue): string => {
    const { code, input, keys = [] } = issue
    if (code === 'unrecognized_keys') return keys.map((key) => unknown(key, Object.keys(POINTERS))).join('\n')
    if (typeof input === 'string' || typeof input === 'number') return NO_SECRETS
    return input === undefined
      ? `is missing; it takes ${REFERENCE}`
      : `${shown(input)} is ${REFERENCE.replace(/^a /, 'no ')}`
  },
}

/** Where a secret is kept, never the secret: exactly one of `env`, `file` and `awsSecret`. */
export const reference = z
  .strictObject(
    {
      env: POINTERS.env.exactOptional(),
      file: POINTERS.file.exactOptional(),
      awsSecret: POINTERS.awsSecret.exactOptional(),
      field: POINTERS.field.exactOptional(),
      region: POINTERS.region.exactOptional(),
    },
    referenceWords,
  )
  .refine((value) => given(value).length === 1, {
    error: ({ input }) => {
      const names = given(Object(input))
      return names.length === 0
        ? 'names no place of the secret; it takes one of env, file and awsSecret'
        : `names ${names.join(' and ')}; it takes exactly one of env, file and awsSecret`
    },
  })
  .refine((value) => 'awsSecret' in value || !('field' in value || 'region' in value), {
    error: 'has "field" or "region", which belong to "awsSecret" alone',
    abort: true,
  })
  .meta({
    id: 'SecretReference',
    description: 'Where a secret is kept, never the secret itself: exactly one of env, file and awsSecret.',
    oneOf: KINDS.map((kind) => ({ required: [kind] })),
    dependencies: { field: ['awsSecret'], region: ['awsSecret'] },
  })
