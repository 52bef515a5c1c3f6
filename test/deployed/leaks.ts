import { CANARY } from '../aws/warehouse.ts'
import { searchFor } from '../canary/search.ts'
import type { DeployedWorld } from './world.ts'

/** No state of a machine may hold more, in bytes: an eighth of what AWS takes. */
export const MOST_BYTES = 32 * 1024

/** Everything that went from state to state in any execution, and to and from functions. */
export const passedOn = ({ executions }: DeployedWorld): readonly string[] =>
  [...executions.all.values()].flatMap(({ data }) => data)

/** The names of the secrets that stand in bytes, in any spelling. */
export function secretsIn({ simulator, tokens }: DeployedWorld, bytes: Uint8Array): readonly string[] {
  const search = searchFor([
    { name: 'the token’s secret', value: simulator.patSecret },
    { name: 'AWS’s key', value: CANARY.secretAccessKey },
    { name: 'AWS’s token', value: CANARY.sessionToken },
    ...tokens().map((value, i) => ({ name: `session ${i}`, value })),
  ])
  return search(bytes).map(({ secret }) => secret)
}

/** Ids and names of a site’s rows that stand in a text; short names may be words of ours. */
export function rowsIn({ simulator }: DeployedWorld, text: string): readonly string[] {
  const { users, workbooks, views } = simulator.world()
  const facts = [...users, ...workbooks, ...views].flatMap(({ id, name }) => [id, name])
  return facts.filter((fact) => fact.length > 8 && text.includes(fact))
}
