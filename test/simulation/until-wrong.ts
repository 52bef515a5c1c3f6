import { plainEngine } from './plain-engine.ts'
import { simulate } from './simulate.ts'

/** Plays seeds, from the first argument on as many as the second says, until one is wrong; prints what came of it as JSON. */
const [start, count] = process.argv.slice(2).map(Number)
process.stdout.write(JSON.stringify(await simulate(start ?? 1, count ?? 1, plainEngine)))
