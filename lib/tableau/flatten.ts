import type { RawItem } from '../core/item.ts'

/** A kind of element below an item, with the paths that its attributes, text and children have. Built once, met often. */
interface Branch {
  readonly path: string
  readonly textPath: string
  readonly attributePaths: Map<string, string>
  readonly children: Map<string, Branch>
}

/** Builds one flat item after the other from the events of their XML. */
export interface Flattener {
  begin(): void
  open(name: string): void
  attribute(name: string, value: string): void
  text(text: string): void
  /** The finished item when its own element closed, else undefined. */
  close(): RawItem | undefined
}

const branch = (path: string): Branch => ({
  path,
  textPath: path === '' ? 'text()' : `${path}/text()`,
  attributePaths: new Map(),
  children: new Map(),
})

function childOf(parent: Branch, name: string): Branch {
  const known = parent.children.get(name)
  if (known !== undefined) return known
  const child = branch(parent.path === '' ? name : `${parent.path}/${name}`)
  parent.children.set(name, child)
  return child
}

function attributePath(of: Branch, name: string): string {
  const known = of.attributePaths.get(name)
  if (known !== undefined) return known
  const path = of.path === '' ? `@${name}` : `${of.path}/@${name}`
  of.attributePaths.set(name, path)
  return path
}

type Values = Record<string, string | string[] | undefined>

/**
 * An object that has these keys, all undefined, laid out as V8 lays out objects of one shape. A copy of it is four times
 * quicker to fill than an empty object is to grow, which would become a hash table at the thirteenth key
 * (measured: 0.7 against 0.2 CPU s for 50,000 workbooks). JSON makes `__proto__` a key like any other.
 */
function blankOf(paths: Iterable<string>): Values {
  const blank: Values = JSON.parse(JSON.stringify(Object.fromEntries([...paths].map((path) => [path, '']))))
  for (const path of Object.keys(blank)) blank[path] = undefined
  return blank
}

/** Items of a document: each begins as a blank of all paths seen so far. */
function itemsOf() {
  const paths = new Set<string>()
  let blank = blankOf(paths)
  let item = { ...blank }
  let isGrown = false
  return {
    begin: (): void => {
      if (isGrown) blank = blankOf(paths)
      isGrown = false
      item = { ...blank }
    },
    add: (path: string, value: string): void => {
      if (!paths.has(path)) {
        paths.add(path)
        isGrown = true
        // Defined and not assigned: an element may be called `__proto__`.
        Object.defineProperty(item, path, { value, writable: true, enumerable: true, configurable: true })
        return
      }
      const before = Object.hasOwn(item, path) ? item[path] : undefined
      if (before === undefined) item[path] = value
      else if (typeof before === 'string') item[path] = [before, value]
      else before.push(value)
    },
    item: (): RawItem => item as RawItem,
  }
}

/**
 * Flattens items as `RawItem` describes. Text that is nothing but white space is layout and not kept.
 * The paths are computed once for all items of a reader, which is what makes it fast.
 */
export function flattener(): Flattener {
  const root = branch('')
  const branches: Branch[] = []
  const texts: string[] = []
  const items = itemsOf()
  let at = root
  const enter = (next: Branch) => {
    branches.push(next)
    texts.push('')
    at = next
  }
  return {
    begin: () => {
      items.begin()
      enter(root)
    },
    open: (name) => {
      enter(childOf(at, name))
      items.add(at.path, '')
    },
    attribute: (name, value) => items.add(attributePath(at, name), value),
    text: (text) => {
      texts[texts.length - 1] += text
    },
    close: () => {
      const text = texts.pop() ?? ''
      if (text !== '' && /\S/.test(text)) items.add(at.textPath, text)
      branches.pop()
      const above = branches.at(-1)
      if (above === undefined) return items.item()
      at = above
      return undefined
    },
  }
}
