import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

/**
 * Synthesizes an example deployment as `npx cdk synth` does, with CDK's own checks and cdk-nag, into a folder that is gone
 * afterwards. Nothing is asked of AWS; functions are bundled for this machine's processor, whose engine is installed.
 */
const ROOT = resolve(import.meta.dirname, '..')
const output = mkdtempSync(join(tmpdir(), 'almanac-synth-'))
try {
  const context = {
    config: 'test/fixtures/aws/almanac.config.json',
    platform: process.arch === 'arm64' ? 'linux-arm64' : 'linux-x64',
  }
  const given = Object.entries(context).flatMap(([name, value]) => ['--context', `${name}=${value}`])
  const cdk = join(ROOT, 'node_modules/aws-cdk/bin/cdk')
  const args = [
    cdk,
    'synth',
    '--quiet',
    '--no-notices',
    '--no-version-reporting',
    '--output',
    output,
    ...given,
  ]
  const { status, stderr } = spawnSync(process.execPath, args, {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, CDK_DISABLE_CLI_TELEMETRY: 'true' },
  })
  // The command line says what it did on stderr; that is of interest where something is wrong.
  if (status !== 0) process.stderr.write(stderr)
  process.exitCode = status ?? 1
} finally {
  rmSync(output, { recursive: true, force: true })
}
