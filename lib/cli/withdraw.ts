import { newRun } from '../connection/run-id.ts'
import { parseDay } from '../core/day.ts'
import { entityNamed } from '../entities/index.ts'
import { argument, type Call, COMMON, type Command, requiredOption } from './command.ts'
import { writeLoaded } from './loaded.ts'
import { note } from './note.ts'
import { withEngine } from './run-ports.ts'
import { existingWarehouse, oneSite } from './warehouse.ts'

async function run(call: Call): Promise<number> {
  const { options } = call
  const entity = entityNamed(argument(call, 0))
  const dt = parseDay(requiredOption(options, 'date', 'the day to take out'))
  const reason = requiredOption(options, 'reason', 'a withdrawal says why')
  const warehouse = await existingWarehouse(call)
  const site = await oneSite(warehouse, call)
  const { withdrawDay } = await import('../load/correct.ts')
  const correction = { dt, run: newRun(Date.now()), reason }
  return withEngine(async (engine) => {
    const result = await withdrawDay(warehouse.store, engine, entity, site, correction)
    await note(call, `${entity.name} of ${site}: ${dt} is withdrawn`)
    return writeLoaded(call, [{ entity: entity.name, site, result }])
  })
}

/** Takes a committed day out of the history. */
export const WITHDRAW: Command = {
  name: 'withdraw',
  args: [{ name: '<entity>', doc: 'the entity' }],
  doc: 'take a committed day out: it counts as never read',
  options: [
    { flags: '--date <day>', doc: 'the day, YYYY-MM-DD' },
    { flags: '--reason <text>', doc: 'why; kept with the day' },
    ...COMMON,
  ],
  examples: ['almanac withdraw users --date 2026-11-01 --reason "read from a restored backup"'],
  judges: true,
  run,
}
