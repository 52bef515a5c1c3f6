import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Finished, run } from './run.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'almanac-synth-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** What is made of the configuration that tests deploy, once something in it was changed. */
async function synthesized(name: string, change: (file: Record<string, unknown>) => void): Promise<Finished> {
  const file = JSON.parse(await readFile('test/fixtures/aws/almanac.config.json', 'utf8'))
  change(file)
  const path = join(folder, name)
  await writeFile(path, JSON.stringify(file, null, 2))
  // What a synthesis leaves behind goes with the folder.
  const env = { ALMANAC_CONFIG: path, CDK_OUTDIR: join(folder, `${name}.out`) }
  return run(process.execPath, ['--import', 'tsx', 'bin/cdk.ts'], { cwd: '.', env })
}

describe.concurrent('npx cdk synth', () => {
  test('names the field that is wrong, its value and what it takes', async () => {
    const { exit, out, err } = await synthesized('wrong.json', (file) => {
      Object(file['aws']).prod.region = 'Frankfurt'
    })
    expect([exit, out]).toEqual([1, ''])
    expect(err).toMatch(
      /wrong\.json:\d+:\d+ aws\.prod\.region: "Frankfurt" is no region of AWS, such as eu-central-1\nnext: \S/,
    )
  })

  test('says where an environment is written when there is none', async () => {
    const { exit, out, err } = await synthesized('local.json', (file) => {
      delete file['aws']
    })
    expect([exit, out]).toEqual([1, ''])
    expect(err).toMatch(
      /local\.json: aws: no environment is configured\nnext: Add one under "aws": docs\/configuration\.md/,
    )
  })
})
