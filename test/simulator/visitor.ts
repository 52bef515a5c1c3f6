import { expect } from 'vitest'
import { type Simulator, type SimulatorOptions, startSimulator } from '../../lib/simulator/server.ts'
import { rowsOf, totalAvailable } from './reading.ts'

/** An answer, read whole. */
export type Answered = { status: number; text: string; headers: Headers }

/** Someone signed in to a simulated site. */
export type Visitor = {
  token: string
  siteId: string
  /** GET below the site: `users?pageSize=2`; `''` is the site itself. */
  get(path: string): Promise<Answered>
  /** Every row of a list, page by page, as flat cells. */
  all(list: string, item: string, query?: string): Promise<Record<string, string>[]>
}

/** A request to any path, with the body if any. */
export const ask = async (
  url: string,
  path: string,
  options: { method?: string; token?: string; body?: string; headers?: Record<string, string> } = {},
): Promise<Answered> => {
  const headers: Record<string, string> = { ...options.headers }
  if (options.token !== undefined) headers['x-tableau-auth'] = options.token
  const init: RequestInit = { method: options.method ?? 'GET', headers, redirect: 'manual' }
  if (options.body !== undefined) init.body = options.body
  const response = await fetch(`${url}${path}`, init)
  return { status: response.status, text: await response.text(), headers: response.headers }
}

/** The body of a sign-in with a personal access token. */
export const signInBody = (name: string, secret: string, site: string): string =>
  `<tsRequest><credentials personalAccessTokenName="${name}" personalAccessTokenSecret="${secret}"><site contentUrl="${site}"/></credentials></tsRequest>`

/** The code of an error answer. */
export const codeOf = ({ text }: Answered): string | undefined => /<error code="(\d+)"/.exec(text)?.[1]

const matched = (pattern: RegExp, text: string): string => {
  const found = pattern.exec(text)?.[1]
  if (found === undefined) throw new Error(`nothing like ${pattern} in ${text}`)
  return found
}

/** Signs in with the simulator's own token, on its own site unless another is named. */
export const signIn = async (
  simulator: Simulator,
  site = simulator.site,
  name = simulator.patName,
): Promise<Visitor> => {
  const body = signInBody(name, simulator.patSecret, site)
  const answered = await ask(simulator.url, '/api/3.29/auth/signin', { method: 'POST', body })
  expect(answered.status, answered.text).toBe(200)
  const token = matched(/token="([^"]+)"/, answered.text)
  const siteId = matched(/<site id="([^"]+)"/, answered.text)
  const get = (path: string): Promise<Answered> =>
    ask(simulator.url, `/api/3.29/sites/${siteId}${path === '' ? '' : `/${path}`}`, { token })
  const all = async (list: string, item: string, query = ''): Promise<Record<string, string>[]> => {
    const rows: Record<string, string>[] = []
    for (let page = 1; ; page++) {
      const { status, text } = await get(`${list}?pageNumber=${page}${query === '' ? '' : `&${query}`}`)
      expect(status, text).toBe(200)
      const found = rowsOf(text, item)
      rows.push(...found)
      if (found.length === 0 || rows.length >= totalAvailable(text)) return rows
    }
  }
  return { token, siteId, get, all }
}

/** Runs with a simulator of its own, closed afterwards whatever happens. */
export const withSimulator = async (
  options: SimulatorOptions,
  run: (simulator: Simulator) => Promise<void>,
): Promise<void> => {
  const simulator = await startSimulator(options)
  try {
    await run(simulator)
  } finally {
    await simulator.close()
  }
}

/** A site small enough to be read in a moment, large enough for a few pages of 100. */
export const tiny = {
  users: 120,
  groups: 12,
  projects: 14,
  workbooks: 110,
  views: 260,
  datasources: 40,
  jobsPerDay: 60,
  jobDays: 3,
}
