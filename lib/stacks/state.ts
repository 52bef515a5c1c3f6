import { Duration, RemovalPolicy, SecretValue, Stack, type StackProps } from 'aws-cdk-lib'
import { AnyPrincipal, Effect, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { Key } from 'aws-cdk-lib/aws-kms'
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type IBucket,
  ObjectOwnership,
  StorageClass,
} from 'aws-cdk-lib/aws-s3'
import { Secret } from 'aws-cdk-lib/aws-secretsmanager'
import { Topic } from 'aws-cdk-lib/aws-sns'
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions'
import type { Construct } from 'constructs'
import { bucketName, type Deployment } from '../config/deployment.ts'
import { acknowledge } from './acknowledge.ts'

/** Areas of which no object is ever replaced: the bucket refuses a write that does not say so. */
export const CREATE_ONLY = ['landing', 'candidate', 'observation', 'manifest', 'runs'] as const
/** Areas that are kept for ever, and read again only by a rebuild. */
const FOR_EVER = ['candidate', 'observation'] as const
/** Answers of Athena can be asked again. */
const ANSWERS_DAYS = 7

/** Who tells of alarms and of a budget that is spent. */
const TELLERS = ['cloudwatch', 'budgets'].map((name) => new ServicePrincipal(`${name}.amazonaws.com`))

/** What the state of an environment is made for. */
export interface StateProps extends StackProps {
  readonly deployment: Deployment
}

/** What must never be lost: the warehouse, its key, the sessions, and the topics of alarms. Kept when the stack goes. */
export class StateStack extends Stack {
  readonly key: Key
  readonly bucket: Bucket
  /** Where messages go. */
  readonly topic: Topic
  /** Where pages go: the same, unless others are to be woken than are told. */
  readonly pages: Topic
  /** By a site's slug: the session of its run. */
  readonly sessions: ReadonlyMap<string, Secret>

  constructor(scope: Construct, id: string, { deployment, ...props }: StateProps) {
    super(scope, id, { ...props, terminationProtection: true })
    this.key = new Key(this, 'Key', {
      description: `The warehouse of Almanac (${deployment.name})`,
      enableKeyRotation: true,
      removalPolicy: RemovalPolicy.RETAIN,
    })
    allowLogs(this, this.key)
    this.bucket = warehouse(this, this.key, deployment)
    const { emails, pages } = deployment.alarms
    this.topic = told(this, 'Alarms', this.key, emails)
    this.pages = pages === undefined ? this.topic : told(this, 'Pages', this.key, pages)
    allowAlarms(this.key)
    this.sessions = new Map(
      deployment.sites.map(({ slug }) => [slug, sessionOf(this, this.key, deployment.name, slug)]),
    )
  }
}

/** CloudWatch Logs encrypts the logs of this account with the key, and nothing of anybody else's. */
function allowLogs({ region, account, partition }: Stack, key: Key): void {
  key.addToResourcePolicy(
    new PolicyStatement({
      sid: 'LogsAreEncrypted',
      principals: [new ServicePrincipal(`logs.${region}.amazonaws.com`)],
      actions: ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:DescribeKey'],
      resources: ['*'],
      conditions: {
        ArnLike: { 'kms:EncryptionContext:aws:logs:arn': `arn:${partition}:logs:${region}:${account}:*` },
      },
    }),
  )
}

function warehouse(scope: Construct, key: Key, deployment: Deployment): Bucket {
  const { retention } = deployment
  const common = {
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    enforceSSL: true,
    minimumTLSVersion: 1.2,
    removalPolicy: RemovalPolicy.RETAIN,
  }
  const logs = new Bucket(scope, 'AccessLogs', {
    ...common,
    // The service that writes access logs takes no key of one's own.
    encryption: BucketEncryption.S3_MANAGED,
    lifecycleRules: [{ expiration: Duration.days(retention.logDays) }],
  })
  const noncurrentVersionExpiration = Duration.days(retention.noncurrentDays)
  const bucket = new Bucket(scope, 'Warehouse', {
    ...common,
    bucketName: bucketName(deployment),
    encryption: BucketEncryption.KMS,
    encryptionKey: key,
    bucketKeyEnabled: true,
    versioned: true,
    serverAccessLogsBucket: logs,
    lifecycleRules: [
      {
        noncurrentVersionExpiration,
        abortIncompleteMultipartUploadAfter: Duration.days(1),
        expiredObjectDeleteMarker: true,
      },
      { prefix: 'landing/', expiration: Duration.days(retention.landingDays), noncurrentVersionExpiration },
      { prefix: 'athena-results/', expiration: Duration.days(ANSWERS_DAYS), noncurrentVersionExpiration },
      ...FOR_EVER.map((area) => ({
        prefix: `${area}/`,
        transitions: [
          {
            storageClass: StorageClass.GLACIER_INSTANT_RETRIEVAL,
            transitionAfter: Duration.days(retention.coldAfterDays),
          },
        ],
      })),
    ],
  })
  createOnly(bucket)
  // A bucket that stays is held to what it was held to.
  for (const { policy } of [logs, bucket]) policy?.applyRemovalPolicy(RemovalPolicy.RETAIN)
  return bucket
}

/** Whoever writes, with whatever rights: what is committed stands. */
function createOnly(bucket: IBucket): void {
  const resources = CREATE_ONLY.map((area) => bucket.arnForObjects(`${area}/*`))
  const everybody = { effect: Effect.DENY, principals: [new AnyPrincipal()] }
  bucket.addToResourcePolicy(
    new PolicyStatement({
      ...everybody,
      sid: 'CreateOnly',
      actions: ['s3:PutObject'],
      resources,
      // A write that does not ask for absence (If-None-Match) could replace what is there. Parts of an upload come
      // before its completion, which has to ask.
      conditions: {
        Null: { 's3:if-none-match': 'true' },
        Bool: { 's3:ObjectCreationOperation': 'true' },
      },
    }),
  )
}

/** A topic of which these addresses are told. */
function told(scope: Construct, id: string, key: Key, emails: readonly string[]): Topic {
  const topic = new Topic(scope, id, { masterKey: key, enforceSSL: true })
  // Alarms and a budget that are there still keep the topic they tell. Addresses go, so that one can be taken out.
  topic.applyRemovalPolicy(RemovalPolicy.RETAIN)
  for (const email of emails) topic.addSubscription(new EmailSubscription(email))
  // A topic that has a policy of its own is told nothing that the policy does not name.
  topic.addToResourcePolicy(
    new PolicyStatement({
      sid: 'AlarmsMayTell',
      principals: TELLERS,
      actions: ['sns:Publish'],
      resources: [topic.topicArn],
      conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(scope).account } },
    }),
  )
  return topic
}

/** What is told is encrypted. */
function allowAlarms(key: Key): void {
  key.addToResourcePolicy(
    new PolicyStatement({
      sid: 'AlarmsAreTold',
      principals: TELLERS,
      actions: ['kms:Decrypt', 'kms:GenerateDataKey*'],
      resources: ['*'],
    }),
  )
}

/** Empty until a run signs in, and again when it has signed out. */
function sessionOf(scope: Construct, key: Key, environment: string, slug: string): Secret {
  const secret = new Secret(scope, `Session-${slug}`, {
    description: `The session of the run of ${slug} (${environment}); written by Almanac alone`,
    encryptionKey: key,
    secretStringValue: SecretValue.unsafePlainText('{}'),
    removalPolicy: RemovalPolicy.RETAIN,
  })
  acknowledge(secret, 'ofOneNight', 'AwsSolutions-SMG4')
  return secret
}
