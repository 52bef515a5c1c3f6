import type { Encoded } from './wire.ts'

/** Compressed pages of one day, so that a page asked for again costs nothing. */
export type PageCache = {
  get(key: string): Encoded | undefined
  put(key: string, page: Encoded): void
  clear(): void
}

/** A cache that forgets its oldest pages above a number of bytes. */
export const pageCacheOf = (limit: number): PageCache => {
  const pages = new Map<string, Encoded>()
  let size = 0
  return {
    get: (key) => pages.get(key),
    put: (key, page) => {
      if (pages.has(key)) return
      pages.set(key, page)
      size += page.bytes.length
      for (const [oldest, { bytes }] of pages) {
        if (size <= limit) return
        pages.delete(oldest)
        size -= bytes.length
      }
    },
    clear: () => {
      pages.clear()
      size = 0
    },
  }
}
