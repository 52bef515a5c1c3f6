import type { Misbehaviour } from './faults.ts'
import type { Page } from './paging.ts'

/** What a list request is about to answer: the order of all rows, the total announced, and whether the page may be beyond the end. */
export type ListPlan = { order: readonly number[]; totalAvailable: number; lenient: boolean }

const whole = (order: readonly number[]): ListPlan => ({
  order,
  totalAvailable: order.length,
  lenient: false,
})

/** Whether rows have already come (or gone) is a matter of the page: earlier pages show the list before. */
const drifted = (plan: ListPlan, rows: number, later: boolean): ListPlan => {
  const hidden = rows >= 0 ? !later : later
  return hidden ? whole(plan.order.slice(Math.abs(rows))) : plan
}

const distort = (plan: ListPlan, fault: Misbehaviour, page: Page): ListPlan => {
  switch (fault.kind) {
    case 'shrink':
      return whole(plan.order.slice(0, Math.floor(plan.order.length * fault.fraction)))
    case 'emptyList':
      return whole([])
    case 'lieTotal':
      return { ...plan, totalAvailable: Math.max(0, plan.totalAvailable + fault.by), lenient: true }
    case 'beyondEnd400006':
      return { ...plan, totalAvailable: plan.totalAvailable + (fault.by ?? 100) }
    case 'drift':
      return drifted(plan, fault.rows, page.number > (fault.after ?? 1))
    default:
      return plan
  }
}

/** A list as the active faults let it appear on this page. */
export const planList = (order: readonly number[], active: readonly Misbehaviour[], page: Page): ListPlan =>
  active.reduce((plan, fault) => distort(plan, fault, page), whole(order))

const duplicated = (
  rows: readonly string[],
  previous: string | undefined,
  insert: boolean,
): readonly string[] => (previous === undefined ? rows : [previous, ...rows.slice(insert ? 0 : 1)])

const openingTag = /^<[^>]*>/
const without = (row: string, name: string): string =>
  row.replace(openingTag, (tag) => tag.replace(new RegExp(` ${name}="[^"]*"`), ''))

const withAttribute = (row: string, name: string, value: string): string =>
  without(row, name).replace(/^<\w+/, (start) => `${start} ${name}="${value}"`)

const onFirst = (rows: readonly string[], edit: (row: string) => string): readonly string[] =>
  rows.map((row, i) => (i === 0 ? edit(row) : row))

/** The written rows of a page as a fault lets them appear; `previous` is the last row of the page before. */
export const distortRows = (
  rows: readonly string[],
  fault: Misbehaviour,
  previous: string | undefined,
): readonly string[] => {
  switch (fault.kind) {
    case 'losePage':
      return rows.slice(0, Math.max(0, rows.length - (fault.rows ?? rows.length)))
    case 'duplicateRow':
      return duplicated(rows, previous, fault.insert === true)
    case 'unknownAttribute':
      return rows.map((row) => withAttribute(row, fault.name ?? 'flavour', fault.value ?? 'unknown'))
    case 'missingId':
      return onFirst(rows, (row) => without(row, 'id'))
    case 'badDate':
      return onFirst(rows, (row) =>
        withAttribute(row, fault.attribute ?? 'createdAt', fault.value ?? '2016-06-31T00:00:00Z'),
      )
    case 'nullColumn':
      return rows.map((row) => without(row, fault.attribute))
    default:
      return rows
  }
}
