import { AlmanacError } from '../../lib/core/errors.ts'
import type { RawItem } from '../../lib/core/item.ts'
import { newTally } from '../../lib/tableau/calls.ts'
import type { Client, ListToRead } from '../../lib/tableau/client.ts'

/** What a site answers: items of a list by its path, or an error to throw. Asked anew for each call. */
export interface Answers {
  list(read: ListToRead, call: number): readonly RawItem[] | AlmanacError
  item?(path: string): RawItem | AlmanacError
}

/** 10 minutes before a whole day, so that windows are easy to tell. */
export const NOW = Date.parse('2026-11-24T22:00:00Z')

/** Tableau's "not found", "forbidden" or any other of its errors, as the client throws it. */
export function tableauError(code: string): AlmanacError {
  return new AlmanacError(
    code.startsWith('403') ? 'forbidden' : 'tableau-error',
    `Tableau answered ${code}`,
    { tableauCode: code },
  )
}

/** A client without a network, for what only the order of answers decides; pages of one. Keeps what it was asked. */
export function stubClient(answers: Answers, apiVersion = '3.29'): Client & { readonly asked: string[] } {
  const asked: string[] = []
  const calls = new Map<string, number>()
  const given = <T>(answer: T | AlmanacError): T => {
    if (answer instanceof AlmanacError) throw answer
    return answer
  }
  return {
    asked,
    server: 'https://tableau.example.com',
    productVersion: 'test',
    apiVersion,
    site: { id: 'site', contentUrl: 'demo' },
    user: { id: 'me', siteRole: 'SiteAdministratorCreator' },
    observedAt: NOW,
    clockSkewMs: 0,
    tokenExpiresAt: async () => null,
    siteRoleNow: async () => 'SiteAdministratorCreator',
    page: async (read) => {
      const query = new URLSearchParams(read.query).toString()
      asked.push(`${read.path}?${decodeURIComponent(query)}`)
      const call = (calls.get(read.path) ?? 0) + 1
      calls.set(read.path, call)
      const items = given(answers.list(read, call))
      const pagination = { pageNumber: 1, pageSize: 1000, totalAvailable: items.length }
      return { items, pagination, observedAt: NOW, cost: { ...newTally(), calls: 1 } }
    },
    item: async ({ path }) => {
      asked.push(path)
      const item = given(answers.item?.(path) ?? tableauError('404018'))
      return { item, observedAt: NOW, cost: { ...newTally(), calls: 1 } }
    },
    close: async () => undefined,
  }
}
