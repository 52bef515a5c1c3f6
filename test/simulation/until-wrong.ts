import { plainEngine } from './plain-engine.ts'
import { simulate } from './simulate.ts'

/** Plays seeds, as many as the first argument says, until one is wrong; prints what came of it as JSON. */
const { seeds, wrong } = await simulate(1, Number(process.argv[2]), plainEngine)
const said = wrong.flatMap(({ wrongs }) => wrongs).at(0)
process.stdout.write(JSON.stringify({ seeds, wrong: said === undefined ? null : said.slice(0, 300) }))
