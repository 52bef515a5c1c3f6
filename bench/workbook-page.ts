import { startSimulator } from '../lib/simulator/server.ts'

const credentials = (name: string, secret: string, site: string): string =>
  `<tsRequest><credentials personalAccessTokenName="${name}" personalAccessTokenSecret="${secret}"><site contentUrl="${site}"/></credentials></tsRequest>`

/**
 * The XML of one page of so many workbooks, as the simulated site sends it. Spoken by hand over fetch: the answer is
 * wanted as text, and the client gives items.
 */
export async function workbookPage(workbooks: number): Promise<string> {
  const simulator = await startSimulator({ counts: { workbooks, views: workbooks } })
  try {
    const api = `${simulator.url}/api/3.29`
    const { patName, patSecret, site } = simulator
    const signIn = await fetch(`${api}/auth/signin`, {
      method: 'POST',
      body: credentials(patName, patSecret, site),
    })
    const said = await signIn.text()
    const token = /token="([^"]+)"/.exec(said)?.[1] ?? ''
    const siteId = /<site id="([^"]+)"/.exec(said)?.[1] ?? ''
    const query = `fields=_all_&sort=createdAt:asc&pageSize=${workbooks}&pageNumber=1`
    const page = await fetch(`${api}/sites/${siteId}/workbooks?${query}`, {
      headers: { 'X-Tableau-Auth': token },
    })
    if (!page.ok) throw new Error(`workbook page: the simulator answered ${page.status}`)
    return await page.text()
  } finally {
    await simulator.close()
  }
}
