import { type EngineName, openSimulated } from './engines.ts'
import { simulate } from './simulate.ts'

/** Plays seeds, from the first argument on as many as the second says, over the engine of the third, until one is wrong; prints what came of it as JSON. */
const [start, seeds, name] = process.argv.slice(2)
const of: EngineName = name === 'duckdb' ? 'duckdb' : 'plain'
const { engine, close } = await openSimulated(of)
process.stdout.write(JSON.stringify(await simulate(Number(start), Number(seeds), engine, of)))
await close()
