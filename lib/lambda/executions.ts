import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn'
import type { ExecutionStatus } from '../steps/start.ts'
import { serviceFailure } from './failure.ts'

/**
 * Starts an execution by its name; false when there was one of that name. One that runs with the same input is answered as
 * if it had just begun, and there is no second one. Throws `rate-limited`, `unreachable`, `server-error` or
 * `bad-configuration` where AWS did not do it.
 */
export async function startExecution(
  client: SFNClient,
  machine: string,
  name: string,
  input: object,
): Promise<boolean> {
  try {
    await client.send(
      new StartExecutionCommand({ stateMachineArn: machine, name, input: JSON.stringify(input) }),
    )
    return true
  } catch (thrown) {
    if (thrown instanceof ExecutionAlreadyExists) return false
    throw serviceFailure(thrown, `starting execution ${name}`)
  }
}

/**
 * What became of an execution of a machine, by its name; undefined for one that AWS does not know of that machine (any
 * more). Throws as `startExecution` does.
 */
export async function statusOf(
  machine: string,
  name: string,
  client = new SFNClient({}),
): Promise<ExecutionStatus | undefined> {
  const executionArn = `${machine.replace(':stateMachine:', ':execution:')}:${name}`
  try {
    const { status } = await client.send(new DescribeExecutionCommand({ executionArn }))
    if (status === 'RUNNING' || status === 'PENDING_REDRIVE') return 'running'
    return status === 'SUCCEEDED' ? 'succeeded' : 'failed'
  } catch (thrown) {
    if (thrown instanceof ExecutionDoesNotExist) return undefined
    throw serviceFailure(thrown, `asking for execution ${name}`)
  }
}
