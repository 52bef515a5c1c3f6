import type { ChildrenRead, Entity, ListRead } from '../core/entity.ts'
import type { Client } from '../tableau/client.ts'

/** What the smallest question about an entity told. */
export interface Asked {
  /** How many there are; null where only reading them all would tell. */
  readonly count: number | null
  /** How many parents it is read below; null where it has none. */
  readonly parents: number | null
}

/** A list's length by a page of one item; a list that is not paged comes whole. */
async function lengthOf(client: Client, read: ListRead, signal?: AbortSignal): Promise<number> {
  const small = { ...read, query: { ...read.query, pageSize: '1' } }
  const { items, pagination } = await client.page(read.paging === 'numbered' ? small : read, 1, signal)
  return pagination?.totalAvailable ?? items.length
}

/** The number of parents, and whether the first one's list answers. */
async function askChildren(client: Client, read: ChildrenRead, signal?: AbortSignal): Promise<Asked> {
  const parents = { ...read.parent, query: { ...read.parent.query, pageSize: '1' } }
  const { items, pagination } = await client.page(parents, 1, signal)
  const id = items[0]?.['@id']
  if (typeof id === 'string') {
    const path = read.path.replace('{parent}', encodeURIComponent(id))
    await lengthOf(client, { ...read, shape: 'list', path }, signal)
  }
  return { count: null, parents: pagination?.totalAvailable ?? items.length }
}

/** Asks as little of an entity as shows that it answers and how large it is. Throws what a call throws. */
export async function ask(client: Client, { read }: Entity, signal?: AbortSignal): Promise<Asked> {
  if (read.shape === 'children') return askChildren(client, read, signal)
  if (read.shape === 'list') return { count: await lengthOf(client, read, signal), parents: null }
  await client.item(read, signal)
  return { count: 1, parents: null }
}
