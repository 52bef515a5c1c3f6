import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn'
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
 * Whether an execution of a machine still runs, by its name. One that AWS does not know (any more) does not. Throws as
 * `startExecution` does.
 */
export async function executionRuns(
  machine: string,
  name: string,
  client = new SFNClient({}),
): Promise<boolean> {
  const executionArn = `${machine.replace(':stateMachine:', ':execution:')}:${name}`
  try {
    const { status } = await client.send(new DescribeExecutionCommand({ executionArn }))
    return status === 'RUNNING' || status === 'PENDING_REDRIVE'
  } catch (thrown) {
    if (thrown instanceof ExecutionDoesNotExist) return false
    throw serviceFailure(thrown, `asking for execution ${name}`)
  }
}
