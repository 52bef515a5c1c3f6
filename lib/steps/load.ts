import type { Day } from '../core/day.ts'
import type { Entity } from '../core/entity.ts'
import { type AlmanacError, asAlmanacError, isError } from '../core/errors.ts'
import type { EntityOutcome } from '../core/event.ts'
import type { RunReport } from '../core/report.ts'
import { loadEntity, settle } from '../nightly/entity-night.ts'
import type { NightlyInput, NightlyPorts } from '../nightly/input.ts'
import { keepOutcome, readOutcome, resultOf, type StepResult } from './outcome.ts'

/** Which run of which site. */
type RunOfSite = Pick<NightlyInput, 'site' | 'run'>

/** What a load works with. */
export type LoadStepPorts = Pick<NightlyPorts, 'store' | 'engine' | 'clock' | 'emit'>

const failureOf = ({ code, message, next }: AlmanacError): RunReport['failure'] => ({ code, message, next })

/** What an entity came to, and what damaged object stood in its way. */
interface Loaded {
  readonly outcome: EntityOutcome
  readonly damage: AlmanacError | null
}

async function loadRead(
  entity: Entity,
  input: RunOfSite,
  dt: Day,
  ports: LoadStepPorts,
  read: EntityOutcome,
): Promise<Loaded> {
  try {
    const outcome = await loadEntity(entity, input, dt, ports, read)
    ports.emit({ type: 'entity-ended', outcome })
    return { outcome, damage: null }
  } catch (thrown) {
    const damage = asAlmanacError(thrown)
    if (!isError(damage, 'corrupt-object')) throw damage
    return { outcome: { ...read, verdict: 'incomplete', reason: damage.message }, damage }
  }
}

/** Also what was not read is loaded: whatever an earlier run left behind is put right by the next, whoever it is. */
async function settleUnread(
  entity: Entity,
  input: RunOfSite,
  dt: Day,
  ports: LoadStepPorts,
  read: EntityOutcome | undefined,
): Promise<Loaded> {
  const settled = await settle(entity, input, dt, ports, null)
  const isSaid = settled.outcome.verdict === 'complete' || settled.damage !== null
  return isSaid || read === undefined ? settled : { outcome: read, damage: null }
}

/**
 * Loads one entity of a run: what its extraction landed, and what earlier runs left. Keeps what it came to for the report.
 * A damaged object is the entity's own trouble; throws what else the store or the engine throws.
 */
export async function loadStep(
  entity: Entity,
  input: RunOfSite,
  dt: Day,
  ports: LoadStepPorts,
): Promise<StepResult> {
  const at = { entity: entity.name, site: input.site, dt, run: input.run }
  const kept = await readOutcome(ports.store, at, 'extracted')
  const read = kept?.outcome
  const isLanded = read?.verdict === 'complete' && !read.already
  const { outcome, damage } = isLanded
    ? await loadRead(entity, input, dt, ports, read)
    : await settleUnread(entity, input, dt, ports, read?.already === true ? undefined : read)
  const said = await keepOutcome(ports.store, at, 'loaded', {
    outcome,
    server: kept?.server ?? null,
    apiVersion: kept?.apiVersion ?? null,
    failure: damage === null ? null : failureOf(damage),
  })
  return resultOf(said)
}
