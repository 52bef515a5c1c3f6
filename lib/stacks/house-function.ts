import { join } from 'node:path'
import { type Duration, RemovalPolicy, type Size, Stack } from 'aws-cdk-lib'
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import {
  Architecture,
  CfnFunction,
  Code,
  type ILayerVersion,
  Function as LambdaFunction,
  Runtime,
  Tracing,
} from 'aws-cdk-lib/aws-lambda'
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs'
import { Construct } from 'constructs'
import type { DeploymentNetwork } from '../config/deployment.ts'
import { acknowledge, type Reason, wildcard } from './acknowledge.ts'
import { bundleOf, DEPLOYED, type FunctionName, type Platform } from './bundle.ts'

/** What every function of a stack has in common. */
export interface House {
  readonly logDays: number
  readonly key: IKey
  /** That the functions are put into; undefined: the internet. */
  readonly network: DeploymentNetwork | undefined
  /** The certificate authorities of the site; undefined: those that everybody trusts. */
  readonly authorities: ILayerVersion | undefined
  readonly platform?: Platform
}

/** What is a function's own. */
export interface HouseFunctionProps {
  readonly house: House
  readonly code: FunctionName
  readonly description: string
  readonly memoryMb: number
  readonly timeout: Duration
  readonly environment: Readonly<Record<string, string>>
  readonly temporary?: Size
  readonly reserved?: number
}

const FUNCTIONS = join(import.meta.dirname, '../../functions')

/** A function in a network makes its network interfaces itself. */
const INTERFACES = [
  'ec2:CreateNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:DeleteNetworkInterface',
  'ec2:AssignPrivateIpAddresses',
  'ec2:UnassignPrivateIpAddresses',
]

/** A function as all of ours are: its own role that may write its own log group and nothing else yet. */
export class HouseFunction extends Construct {
  readonly fn: LambdaFunction
  readonly logs: LogGroup

  constructor(scope: Construct, id: string, props: HouseFunctionProps) {
    super(scope, id)
    const { house, code, description, memoryMb, timeout, environment, temporary, reserved } = props
    this.logs = new LogGroup(this, 'Logs', {
      retention: house.logDays as RetentionDays,
      encryptionKey: house.key,
      removalPolicy: RemovalPolicy.RETAIN,
    })
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') })
    this.fn = new LambdaFunction(this, 'Function', {
      description,
      role,
      runtime: Runtime.NODEJS_24_X,
      architecture: house.platform === 'linux-x64' ? Architecture.X86_64 : Architecture.ARM_64,
      handler: 'index.handler',
      code: Code.fromAsset(codeOf(this, code, house.platform)),
      memorySize: memoryMb,
      timeout,
      logGroup: this.logs,
      tracing: Tracing.DISABLED,
      environment: { ...environment },
      ...(house.authorities === undefined ? {} : { layers: [house.authorities] }),
      ...(temporary === undefined ? {} : { ephemeralStorageSize: temporary }),
      ...(reserved === undefined ? {} : { reservedConcurrentExecutions: reserved }),
    })
    this.logs.grantWrite(role)
    if (house.network !== undefined) this.#placeIn(house.network)
  }

  /** By ids alone: CDK's own objects of a network want to know more of it than is needed. */
  #placeIn({ subnets, securityGroups }: DeploymentNetwork): void {
    const own = this.fn.node.defaultChild
    if (CfnFunction.isCfnFunction(own))
      own.vpcConfig = { subnetIds: [...subnets], securityGroupIds: [...securityGroups] }
    this.allow(INTERFACES, ['*'], 'noResource')
  }

  /** Lets the function do this and no more; `why` says why a resource is named with a wildcard. */
  allow(actions: readonly string[], resources: readonly string[], why: Reason = 'madeLater'): void {
    this.fn.addToRolePolicy(new PolicyStatement({ actions: [...actions], resources: [...resources] }))
    const open = resources.filter((resource) => /[*?]/.test(resource))
    acknowledge(this, why, ...open.map(wildcard))
  }
}

/** Where nobody asks for the code (`cdk list`, `cdk destroy`, tests of templates), its sources stand in for the bundle. */
const codeOf = (scope: Construct, code: FunctionName, platform: Platform = DEPLOYED): string =>
  Stack.of(scope).bundlingRequired ? bundleOf(code, platform) : join(FUNCTIONS, code)
