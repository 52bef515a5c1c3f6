import { blankOf } from '../core/blank.ts'
import type { RawItem } from '../core/item.ts'
import type { Refuse } from './xml.ts'

/** A path, and whether an item has met it yet. */
interface Slot {
  readonly path: string
  isKnown: boolean
}

/** A kind of element below an item, with the paths that its attributes, text and children have. Built once, met often. */
interface Branch {
  readonly own: Slot
  readonly text: Slot
  readonly attributes: Map<string, Slot>
  readonly children: Map<string, Branch>
}

/** Every item has room for every path of the document. The site, which has most, has about 160. */
const MAX_PATHS = 500
/** How many cells the items of a document may have in all: what fits into 100 MiB, and no list of Tableau has. */
const MAX_CELLS = 3_000_000

/** Builds one flat item after the other from the events of their XML. */
export interface Flattener {
  begin(): void
  open(name: string): void
  attribute(name: string, value: string): void
  text(text: string): void
  /** The finished item when its own element closed, else undefined. */
  close(): RawItem | undefined
}

const slot = (path: string): Slot => ({ path, isKnown: false })

const branch = (path: string): Branch => ({
  own: slot(path),
  text: slot(path === '' ? 'text()' : `${path}/text()`),
  attributes: new Map(),
  children: new Map(),
})

const below = ({ own }: Branch, step: string): string => (own.path === '' ? step : `${own.path}/${step}`)

function childOf(parent: Branch, name: string): Branch {
  const known = parent.children.get(name)
  if (known !== undefined) return known
  const child = branch(below(parent, name))
  parent.children.set(name, child)
  return child
}

function attributeOf(of: Branch, name: string): Slot {
  const known = of.attributes.get(name)
  if (known !== undefined) return known
  const attribute = slot(below(of, `@${name}`))
  of.attributes.set(name, attribute)
  return attribute
}

type Values = Record<string, string | string[] | undefined>

/** Items of a document: each begins as a blank of all paths met so far. */
function itemsOf(refuse: Refuse) {
  const paths: string[] = []
  let cells = 0
  let blank: Values = blankOf(paths, undefined)
  let item = { ...blank }
  let isGrown = false
  const learn = (met: Slot, value: string): void => {
    if (paths.length >= MAX_PATHS) refuse(`its items have more than ${MAX_PATHS} different parts`, true)
    met.isKnown = true
    paths.push(met.path)
    isGrown = true
    // Defined and not assigned: an element may be called `__proto__`.
    Object.defineProperty(item, met.path, { value, writable: true, enumerable: true, configurable: true })
  }
  return {
    begin: (): void => {
      if (isGrown) blank = blankOf(paths, undefined)
      isGrown = false
      cells += paths.length
      if (cells > MAX_CELLS) refuse(`its items have more than ${MAX_CELLS} parts in all`, true)
      item = { ...blank }
    },
    add: (met: Slot, value: string): void => {
      if (!met.isKnown) {
        learn(met, value)
        return
      }
      const before = item[met.path]
      if (before === undefined) item[met.path] = value
      else if (typeof before === 'string') item[met.path] = [before, value]
      else before.push(value)
    },
    item: (): RawItem => item as RawItem,
  }
}

/**
 * Flattens items as `RawItem` describes. Text that is nothing but white space is layout and not kept.
 * The paths are computed once for all items of a reader, which is what makes it fast. `refuse` must throw; it is called
 * when there are more paths or cells than memory has room for.
 */
export function flattener(refuse: Refuse): Flattener {
  const root = branch('')
  const branches: Branch[] = []
  const texts: string[] = []
  const items = itemsOf(refuse)
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
      items.add(at.own, '')
    },
    attribute: (name, value) => items.add(attributeOf(at, name), value),
    text: (text) => {
      texts[texts.length - 1] += text
    },
    close: () => {
      const text = texts.pop() ?? ''
      if (text !== '' && /\S/.test(text)) items.add(at.text, text)
      branches.pop()
      const above = branches.at(-1)
      if (above === undefined) return items.item()
      at = above
      return undefined
    },
  }
}
