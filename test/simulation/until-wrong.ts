import { plainEngine } from './plain-engine.ts'
import { simulate } from './simulate.ts'

/** Plays seeds, from the first argument on as many as the second says, until one is wrong; prints what came of it as JSON. */
const [start, count] = process.argv.slice(2).map(Number)
const { seeds, wrong } = await simulate(start ?? 1, count ?? 1, plainEngine)
const said = wrong.flatMap(({ wrongs }) => wrongs).at(0)
process.stdout.write(JSON.stringify({ seeds, wrong: said === undefined ? null : said.slice(0, 300) }))
