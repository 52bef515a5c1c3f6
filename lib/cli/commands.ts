import { ACCEPT } from './accept.ts'
import type { Command } from './command.ts'
import { DEMO } from './demo.ts'
import { DIFF } from './diff.ts'
import { DISCOVER } from './discover.ts'
import { DOCTOR } from './doctor.ts'
import { EXTRACT } from './extract.ts'
import { HISTORY } from './history.ts'
import { INIT } from './init.ts'
import { LOAD } from './load.ts'
import { NIGHTLY } from './nightly.ts'
import { PARSE } from './parse.ts'
import { QUERY } from './query.ts'
import { SIMULATOR } from './simulator.ts'
import { STATUS } from './status.ts'
import { VERIFY } from './verify.ts'
import { WITHDRAW } from './withdraw.ts'

/** Every command, in the order of help. One line a command. */
export const COMMANDS: readonly Command[] = [
  INIT,
  DOCTOR,
  DISCOVER,
  NIGHTLY,
  EXTRACT,
  LOAD,
  ACCEPT,
  WITHDRAW,
  STATUS,
  VERIFY,
  QUERY,
  HISTORY,
  DIFF,
  PARSE,
  SIMULATOR,
  DEMO,
]
