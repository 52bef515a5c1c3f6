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

type Growing = Record<string, string | string[]>

function add(item: Growing, path: string, value: string): void {
  const before = item[path]
  if (before === undefined) item[path] = value
  else if (typeof before === 'string') item[path] = [before, value]
  else before.push(value)
}

/**
 * Flattens items as `RawItem` describes. Text that is nothing but white space is layout and not kept.
 * The paths are computed once for all items of a reader, which is what makes it fast.
 */
export function flattener(): Flattener {
  const root = branch('')
  const branches: Branch[] = []
  const texts: string[] = []
  let item: Growing = Object.create(null)
  let at = root
  const enter = (next: Branch) => {
    branches.push(next)
    texts.push('')
    at = next
  }
  return {
    begin: () => {
      item = Object.create(null)
      enter(root)
    },
    open: (name) => {
      enter(childOf(at, name))
      add(item, at.path, '')
    },
    attribute: (name, value) => add(item, attributePath(at, name), value),
    text: (text) => {
      texts[texts.length - 1] += text
    },
    close: () => {
      const text = texts.pop() ?? ''
      if (text !== '' && /\S/.test(text)) add(item, at.textPath, text)
      branches.pop()
      const above = branches.at(-1)
      if (above === undefined) return item
      at = above
      return undefined
    },
  }
}
