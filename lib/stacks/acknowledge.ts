import { Validations } from 'aws-cdk-lib'
import type { IConstruct } from 'constructs'

/** Why a finding of the policy checks is right as it is. There are few reasons, and each stands for all its findings. */
export const REASONS = {
  madeLater:
    'Open in the name is what is made up later, or all of a kind: entities, days, runs, hashes, executions, versions and the suffix of a secret. The area of the bucket, and the site or environment it belongs to, is fixed',
  noResource: 'AWS lets these actions name no resource',
  ofOneNight: 'A session is made by a run and ended with it: it is new every night and needs no rotation',
  lastQueue: 'This queue is where dead letters go',
} as const

/** One of the reasons. */
export type Reason = keyof typeof REASONS

/** Says of a finding on a construct, by the rule's id, why it is right as it is. */
export function acknowledge(construct: IConstruct, reason: Reason, ...ids: readonly string[]): void {
  for (const id of ids)
    Validations.of(construct).acknowledge({ id: `AwsSolutions::${id}`, reason: REASONS[reason] })
}

/** The finding on a right that names its resources with a wildcard. */
export const wildcard = (resource: string): string => `AwsSolutions-IAM5[Resource::${resource}]`
