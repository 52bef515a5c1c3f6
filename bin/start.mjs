// npm start: installs and builds when needed, then runs one night of the configured site, or the demo when none is.
import { pathToFileURL } from 'node:url'
import { BUILT, buildWhenChanged } from './build.mjs'
import { ensureInstalled, requireNode } from './install.mjs'

const NEEDED = ['TABLEAU_SERVER_URL', 'TABLEAU_PAT_NAME', 'TABLEAU_PAT_SECRET']
const OPTIONAL = ['TABLEAU_SITE_ID']

/** The command for what the environment configures: a half-configured site is neither a site nor a demo. */
function commandFor(environment) {
  const isSet = (name) => (environment[name] || '').trim() !== ''
  const missing = NEEDED.filter((name) => !isSet(name))
  if (missing.length === 0) return 'nightly'
  if (!NEEDED.concat(OPTIONAL).some(isSet)) return 'demo'
  process.stderr.write(
    `error bad-configuration: the site is configured only in part: ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not set\n` +
      'next: Set what is missing to read your site, or unset every TABLEAU_ variable to see the demo.\n',
  )
  return process.exit(2)
}

requireNode()
const command = commandFor(process.env)
ensureInstalled(false)
buildWhenChanged()
  .then(() => {
    process.argv = [process.argv[0], BUILT, command].concat(process.argv.slice(2))
    return import(pathToFileURL(BUILT).href)
  })
  .catch((error) => {
    process.stderr.write(`almanac: ${error.stack}\n`)
    process.exitCode = 1
  })
