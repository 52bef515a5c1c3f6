import type { Row } from '../../lib/core/column.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import { PARENT_VERDICT } from '../../lib/core/shape.ts'
import { type LandingFacts, land } from './land.ts'
import { LINKS } from './toy.ts'

/** What a night made of a parent: the roles of its children when it was read, else why not. */
export type ParentReading = Readonly<Record<string, string>> | 'not_read' | 'forbidden' | 'vanished'

/** A night's reading of a per-parent entity: every parent there was. */
export type ParentNight = Readonly<Record<string, ParentReading>>

const blank: Row = { thing_id: null, role: null, raw_extra: null, [PARENT_VERDICT]: null }

function rowsOf(box: string, reading: ParentReading, isRoleSent: boolean): readonly Row[] {
  if (typeof reading === 'string') return [{ ...blank, box_id: box, [PARENT_VERDICT]: reading }]
  const children = Object.entries(reading).map(([thing, role]) => ({
    ...blank,
    box_id: box,
    thing_id: thing,
    role: isRoleSent ? role : null,
  }))
  return [{ ...blank, box_id: box, [PARENT_VERDICT]: 'read' }, ...children]
}

/** Lands a night of links by hand, with parents of every verdict: the extractor on one machine never leaves one unread. */
export async function landLinks(
  store: ObjectStore,
  dt: string,
  night: ParentNight,
  facts: LandingFacts = {},
): Promise<void> {
  const isRoleSent = facts.missing?.includes('role') !== true
  const rows = Object.entries(night).flatMap(([box, reading]) => rowsOf(box, reading, isRoleSent))
  await land(store, LINKS, dt, rows, {
    ...facts,
    facts: rows.filter((row) => row[PARENT_VERDICT] === null).length,
  })
}
