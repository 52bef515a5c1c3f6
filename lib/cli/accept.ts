import { newRun } from '../connection/run-id.ts'
import { entityNamed } from '../entities/index.ts'
import { argument, type Call, COMMON, type Command, requiredOption, textOption } from './command.ts'
import { writeLoaded } from './loaded.ts'
import { note } from './note.ts'
import { withEngine } from './run-ports.ts'
import { existingWarehouse, oneSite } from './warehouse.ts'

async function run(call: Call): Promise<number> {
  const { options } = call
  const entity = entityNamed(argument(call, 0))
  const sha256prefix = requiredOption(
    options,
    'sha',
    'the SHA-256 of the candidate; "almanac status" shows it',
  ).toLowerCase()
  const reason = textOption(options, 'reason') ?? 'looked at and accepted'
  const warehouse = await existingWarehouse(call)
  const site = await oneSite(warehouse, call)
  const { accept } = await import('../load/correct.ts')
  const correction = { sha256prefix, run: newRun(Date.now()), reason }
  return withEngine(async (engine) => {
    const result = await accept(warehouse.store, engine, entity, site, correction)
    await note(call, `${entity.name} of ${site}: accepted ${sha256prefix}`)
    return writeLoaded(call, [{ entity: entity.name, site, result }])
  })
}

/** Commits a candidate that the guard held. */
export const ACCEPT: Command = {
  name: 'accept',
  args: [{ name: '<entity>', doc: 'the entity' }],
  doc: 'commit a reading that was held because too much was missing from it',
  options: [
    { flags: '--sha <sha>', doc: 'SHA-256 of the held candidate, 8 digits at least' },
    { flags: '--reason <text>', doc: 'why it is right; kept with the day' },
    ...COMMON,
  ],
  examples: ['almanac accept workbooks --sha 3f9a0c12ab34 --reason "the sandbox was emptied"'],
  judges: true,
  run,
}
