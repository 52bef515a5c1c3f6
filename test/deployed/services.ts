import { type Answer, answerWith, type ErrorForm } from '../aws/faults.ts'
import { type AwsServer, bodyOf, listening, newDesk } from '../aws/listening.ts'
import type { Executions } from './executions.ts'
import type { Lambda } from './lambda.ts'

const answer = (status: number, body: string, headers: Readonly<Record<string, string>> = {}): Answer => ({
  status,
  headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': 'test-request', ...headers },
  body: new TextEncoder().encode(body),
})

const refused: ErrorForm = (status, code, message = `${code} was set up by a test`) =>
  answer(status, JSON.stringify({ __type: code, message }), { 'x-amzn-errortype': code })

const INVOKE = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/

/** The operation Invoke of AWS Lambda, as its API Reference describes it; with a fault nothing is called. */
export async function startLambda(lambda: Lambda): Promise<AwsServer> {
  const desk = newDesk()
  return listening(async (message, response) => {
    const body = await bodyOf(message)
    const [, name] = INVOKE.exec(new URL(message.url ?? '', 'http://host').pathname) ?? []
    const fault = desk.faults.of(desk.take(message, 'Invoke', name ?? ''))
    if (fault !== undefined)
      return answerWith(response, fault, () => refused(500, 'ServiceException'), refused)
    const event = JSON.parse(body.toString())
    const { payload, failed } = await lambda.invoke(decodeURIComponent(name ?? ''), event)
    const headers: Answer['headers'] = failed ? { 'x-amz-function-error': 'Unhandled' } : {}
    return answerWith(response, undefined, () => answer(200, payload, headers), refused)
  }, desk)
}

interface Asked {
  readonly stateMachineArn?: string
  readonly name?: string
  readonly input?: string
  readonly executionArn?: string
}

const seconds = (milliseconds: number): number => milliseconds / 1000

function start(executions: Executions, { stateMachineArn, name = '', input = '{}' }: Asked): Answer {
  if (stateMachineArn !== executions.machineArn) return refused(400, 'StateMachineDoesNotExist')
  const execution = executions.start(name, input)
  if (execution === undefined) return refused(400, 'ExecutionAlreadyExists')
  const { arn: executionArn, startDate } = execution
  return answer(200, JSON.stringify({ executionArn, startDate: seconds(startDate) }))
}

function describe(executions: Executions, { executionArn }: Asked): Answer {
  const found = [...executions.all.values()].find(({ arn }) => arn === executionArn)
  if (found === undefined) return refused(400, 'ExecutionDoesNotExist')
  const { status, name, startDate } = found
  const { machineArn: stateMachineArn } = executions
  return answer(
    200,
    JSON.stringify({ executionArn, stateMachineArn, name, status, startDate: seconds(startDate) }),
  )
}

/** StartExecution and DescribeExecution of AWS Step Functions, as its API Reference describes them. */
export async function startStepFunctions(executions: () => Executions): Promise<AwsServer> {
  const desk = newDesk()
  return listening(async (message, response) => {
    const asked: Asked = JSON.parse((await bodyOf(message)).toString())
    const operation = String(message.headers['x-amz-target']).split('.').at(-1) ?? ''
    const fault = desk.faults.of(desk.take(message, operation, asked.name ?? asked.executionArn ?? ''))
    const act = (): Answer => {
      if (operation === 'StartExecution') return start(executions(), asked)
      if (operation === 'DescribeExecution') return describe(executions(), asked)
      return refused(400, 'UnknownOperationException')
    }
    await answerWith(response, fault, act, refused)
  }, desk)
}
