import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn'

/** Starts an execution by its name; false when there is or was one of that name, which is then not started again. */
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
    throw thrown
  }
}

/** Whether an execution of a machine still runs, by its name. One that AWS does not know (any more) does not. */
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
    throw thrown
  }
}
