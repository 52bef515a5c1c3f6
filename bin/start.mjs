// npm start: installs and builds when needed, then runs one night of the configured site, or the demo when none is.
import { existsSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { BUILT, buildWhenChanged } from './build.mjs'
import { ensureInstalled, requireNode } from './install.mjs'

const SITE_VARIABLE = /^TABLEAU_(SERVER_URL|SITE_ID|PAT_|CONNECTED_APP_|UAT_|USERNAME|PASSWORD)/

/** The command for what is configured: a half-configured site is no demo, and the night says what it lacks. */
function commandFor(environment) {
  const isSet = (name) => (environment[name] || '').trim() !== ''
  const isConfigured =
    isSet('ALMANAC_CONFIG') ||
    existsSync('almanac.config.json') ||
    Object.keys(environment).some((name) => SITE_VARIABLE.test(name) && isSet(name))
  return isConfigured ? 'nightly' : 'demo'
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
