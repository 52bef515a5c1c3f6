import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { almanac, temporaryFolder } from './terminal.ts'

test('parse gives the rows of recorded answers without a network', async () => {
  const { path: pages, remove } = await temporaryFolder()
  const page = (id: string, extra = ''): string =>
    `<tsResponse xmlns="http://tableau.com/api"><pagination pageNumber="1" pageSize="1" totalAvailable="2"/><users><user id="${id}" name="n,1" siteRole="Viewer" lastLogin="2026-11-01T10:20:30.5Z"${extra}/></users></tsResponse>`
  await writeFile(join(pages, '1.xml'), page('u1'))
  await writeFile(join(pages, '2.xml'), page('u2', ' brandNew="x"'))
  await writeFile(join(pages, 'cut.xml'), page('u3').slice(0, -20))
  const { exit, out, err } = await almanac([
    'parse',
    'users',
    join(pages, '1.xml'),
    join(pages, '2.xml'),
    '--output',
    'json',
  ])
  expect(exit).toBe(0)
  expect(JSON.parse(out)).toMatchObject([
    {
      id: 'u1',
      name: 'n,1',
      site_role: 'Viewer',
      last_login: '2026-11-01T10:20:30.500000Z',
      raw_extra: null,
    },
    { id: 'u2', raw_extra: '{"@brandNew":"x"}' },
  ])
  expect(err).toBe('no column names @brandNew (1 times)\n')
  const cut = await almanac(['parse', 'users', join(pages, 'cut.xml')])
  expect([cut.exit, cut.out]).toEqual([1, ''])
  expect(cut.err).toMatch(/^error malformed-response: .*cut\.xml: .*\nnext: /)
  await remove()
})
