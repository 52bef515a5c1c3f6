import { type Day, dayIn } from '../core/day.ts'
import { type ExtractResult, extract } from '../extract/extract.ts'
import { acceptedOf, type NightlyInput, type NightlyPorts } from './input.ts'
import { withSession } from './with-session.ts'

/** What an extraction of one entity came to. */
export interface ExtractedEntity {
  readonly entity: string
  readonly result: ExtractResult
}

/**
 * Extracts the entities of a day into landing and loads nothing, also those that are committed already: that is how a
 * correction is prepared. Throws what ends the run.
 */
export async function extractDay(
  input: NightlyInput,
  ports: NightlyPorts,
): Promise<{ dt: Day; entities: readonly ExtractedEntity[] }> {
  const dt = input.dt ?? dayIn(input.timeZone, ports.clock.now())
  const { site, run, backdate } = input
  const { store, emit, newAttempt } = ports
  const always = (): Promise<boolean> => Promise.resolve(true)
  const entities = await withSession(input, ports, dt, always, ({ client, signal, stop }) =>
    Promise.all(
      input.entities.map(async (entity) => {
        const task = {
          entity,
          site,
          dt,
          run,
          attempt: newAttempt(),
          ...acceptedOf(input, entity),
          backdated: backdate,
        }
        const result = await extract(task, { client, store, emit, signal }).catch((thrown: unknown) => {
          stop(thrown)
          throw thrown
        })
        return { entity: entity.name, result }
      }),
    ),
  )
  return { dt, entities: entities ?? [] }
}
